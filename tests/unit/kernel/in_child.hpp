// A part of a test in a process of its own: filters and limits are for good, and for the whole process.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace uebo::kernel::test {

/// For RLIMIT_NOFILE: few enough to use up, enough for a test to run.
inline constexpr rlimit kFewDescriptors{.rlim_cur = 128, .rlim_max = 128};

inline bool holds_in_child(const std::function<bool()>& what) {
  const pid_t pid = fork();
  if (pid == 0) _exit(what() ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace uebo::kernel::test
