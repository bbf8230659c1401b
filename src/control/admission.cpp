#include "uebo/control/admission.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "uebo/kernel/account.hpp"

namespace uebo::control {
namespace {

constexpr const char* kGroup = "uebo-control";

}  // namespace

Admission node_admission() {
  Admission admission;
  for (const char* name : {"uebo-web", "uebo-consul"}) {
    if (const auto account = kernel::find_account(name, kGroup)) {
      admission.readers.push_back(account->uid);
      admission.group = account->gid;
    } else {
      spdlog::warn("control socket: {} is not admitted: {}", name, account.error().message());
    }
  }
  return admission;
}

std::optional<Access> access_of(const Admission& admission, uid_t peer) {
  if (peer == admission.owner) return Access::Change;
  if (std::ranges::find(admission.readers, peer) != admission.readers.end()) return Access::Read;
  return std::nullopt;
}

}  // namespace uebo::control
