// Other programs, run by a role. PID 1 starts its children in supervise/ alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::kernel {

/// Runs a program (an absolute path and its arguments) to its end with our own standard descriptors and environment.
/// A SIGTERM that comes meanwhile is passed on to it: a repair is ended by the program, not in its middle.
/// Returns its exit code, or 128 and the signal that ended it, as a shell does. ENOENT: there is no such program.
[[nodiscard]] Result<int> run_program(const std::vector<std::string>& command);

/// Does `work` in a forked child: for calls that may never come back (a file system whose server has gone). Returns
/// what it returned, as an exit code. After the limit it is killed and left to itself: ETIMEDOUT.
[[nodiscard]] Result<int> run_bounded(const std::function<int()>& work, std::chrono::milliseconds limit);

/// Runs a program as `who`, without other groups and without a way to more rights, for as long as the limit says.
/// Returns and fails as run_program() and run_bounded() do; a program that the kernel does not take: execve(2)'s errno.
[[nodiscard]] Result<int> run_unprivileged(const std::vector<std::string>& command, Owner who,
                                           std::chrono::milliseconds limit);

/// Replaces this process (execve(2), with our environment). Comes back with the reason when that failed.
[[nodiscard]] Error become_program(const std::vector<std::string>& command);

}  // namespace uebo::kernel
