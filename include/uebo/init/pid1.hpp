// The two programs that supervise: PID 1 of a board, and the same supervisor for a container or a test.
#pragma once

#include <span>
#include <string_view>

namespace uebo::init {

/// PID 1: boots the board, supervises, shuts down. Returns only where the kernel refuses to end. `arguments` is argv,
/// of which all but the first is wiped: the kernel puts words of its command line there.
int pid1(std::span<char*> arguments);

/// `uebo supervise --services DIR --cgroup DIR --log DIR --control PATH [--overlays DIR] [--shutdown-deadline
/// DURATION]`: services only, no boot steps. reboot(2) is called in a namespace alone, when PID 1 crashes or hangs
/// there: it ends the namespace. Exit codes: 0 after an orderly shutdown, 1 when it could not start, 2 for wrong usage.
int supervise_role(std::span<const std::string_view> arguments);

}  // namespace uebo::init
