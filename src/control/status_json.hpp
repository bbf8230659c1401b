// What the supervisor knows, as the protocol says it.
#pragma once

#include <functional>

#include "uebo/control/json.hpp"
#include "uebo/kernel/watchdog.hpp"
#include "uebo/supervise/boot_profile.hpp"
#include "uebo/supervise/service_log.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::control {

[[nodiscard]] Json unit_json(const supervise::UnitStatus& unit);
/// What PID 1 itself uses, as far as it is known.
[[nodiscard]] Json pid1_json(const supervise::ServiceLog* own_log);
[[nodiscard]] Json watchdog_json(const std::function<kernel::WatchdogStatus()>& status);
[[nodiscard]] Json conditions_json(const supervise::Conditions& conditions);
/// What `uebo boot` is made of (boot_report.hpp): units that were ever wanted, and when conditions were first set.
[[nodiscard]] Json boot_json(const std::vector<supervise::BootPhase>& phases, const supervise::Supervisor& supervisor);

}  // namespace uebo::control
