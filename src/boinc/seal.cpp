// Tasks run as the same user as the client. Once the client has read its password, the file is root's alone.
#include <spdlog/spdlog.h>

#include <array>
#include <thread>

#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/boinc/roles.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 5min;  // a slow card, a large state file
constexpr auto kPause = 200ms;

Result<> wait_for_client() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto answered = answers();
    if (answered && *answered) return {};
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(0, "wait for", "the BOINC client's GUI RPC",
                  "it does not answer; gui_rpc_auth.cfg stays readable for the client's user");
    std::this_thread::sleep_for(kPause);
  }
}

Result<> seal() {
  UEBO_TRY(wait_for_client());
  const auto data = UEBO_TRY(kernel::SafeDirectory::open(kDataDirectory));
  return data.give(kPasswordFile, kernel::Owner{}, 0600);
}

}  // namespace

int seal_role(std::span<const std::string_view>) {
  const auto sealed = seal();
  if (sealed) return 0;
  spdlog::error("{}", sealed.error().message());
  return 1;
}

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"boinc-configure", "", "write what the BOINC client reads at its start", configure_role},
      Role{"boinc-seal", "", "give the GUI RPC's password to root once the client has read it", seal_role},
  };
  return kRoles;
}

}  // namespace uebo::boinc
