// A process beside PID 1 that ends the system if PID 1, which is about to, does not: it may hang itself. It is started
// when a shutdown begins, and again for the last steps behind the end of all processes. PID 1's own call of the kernel
// ends it with everything else.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <span>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/control/requests.hpp"

namespace uebo::init {

/// What reboot(2) is called with.
[[nodiscard]] int kernel_call(control::ShutdownKind kind);

/// What PID 1 has for a shutdown, and a tenth: then the system is ended by force.
[[nodiscard]] std::chrono::milliseconds monitor_limit(std::chrono::milliseconds deadline);

/// Starts it as a child, in PID 1's own control group: no service's end takes it along. Returns its pid.
[[nodiscard]] Result<pid_t> start_shutdown_monitor(control::ShutdownKind kind, std::chrono::milliseconds limit);

/// shutdown-monitor KIND MILLISECONDS. Refuses to be anything but a child of a PID 1 that is this program.
int shutdown_monitor_role(std::span<const std::string_view> arguments);

}  // namespace uebo::init
