// Tasks run as the same user as the client. Once the client has read its password, the file is root's alone.
#include <spdlog/spdlog.h>

#include <thread>

#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/boinc/roles.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kSealPause = 20ms;

/// Without a limit: the client's own end is this role's, too. Often, since a task may start as soon as the client
/// answers.
void wait_for_client() {
  while (!answers().value_or(false)) std::this_thread::sleep_for(kSealPause);
}

Result<> seal() {
  wait_for_client();
  const auto data = UEBO_TRY(kernel::SafeDirectory::open(kDataDirectory));
  return seal_password(kDataDirectory, seal_of(data));
}

}  // namespace

int seal_role(std::span<const std::string_view>) {
  const auto sealed = seal();
  if (sealed) return 0;
  spdlog::error("{}", sealed.error().message());
  return 1;
}

}  // namespace uebo::boinc
