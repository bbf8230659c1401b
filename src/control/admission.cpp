#include "uebo/control/admission.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "uebo/kernel/account.hpp"

namespace uebo::control {
namespace {

constexpr const char* kGroup = "uebo-control";

}  // namespace

Admission node_admission(std::string token) {
  Admission admission;
  admission.token = std::move(token);
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

bool is_token(const Admission& admission, std::string_view given) {
  const std::string& right = admission.token;
  unsigned difference = right.size() == given.size() ? 0 : 1;
  for (std::size_t at = 0; at < given.size() && !right.empty(); ++at)
    difference |= static_cast<unsigned char>(given[at]) ^ static_cast<unsigned char>(right[at % right.size()]);
  return !right.empty() && difference == 0;
}

std::optional<Access> access_of(const Admission& admission, uid_t peer) {
  if (peer == admission.owner) return Access::Change;
  if (std::ranges::find(admission.readers, peer) != admission.readers.end()) return Access::Read;
  return std::nullopt;
}

}  // namespace uebo::control
