#include "uebo/kernel/watchdog.hpp"

#include <unistd.h>

#include "uebo/boot/inline_steps.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kDrivers = "/kernel/drivers/watchdog/";

}  // namespace

Result<> load_watchdog_driver() {
  if (access(kernel::kWatchdogDevice, F_OK) == 0) return {};  // built in
  auto modules = UEBO_TRY(kernel::Modules::open());
  Result<> first;
  for (const std::string& alias : UEBO_TRY(kernel::device_modaliases()))
    if (const auto loaded = modules.load_below(alias, kDrivers); !loaded && first)
      first = std::unexpected(loaded.error());
  return first;
}

}  // namespace uebo::boot
