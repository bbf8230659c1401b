// Starting one process: everything is made ready before the clone; the child only makes system calls (rule 4), and
// reports the stage and errno of a failure through a pipe that an exec closes.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/kernel/account.hpp"
#include "uebo/supervise/exit_reason.hpp"
#include "uebo/supervise/sandbox.hpp"
#include "uebo/supervise/unit.hpp"

namespace uebo::supervise {

/// A descriptor of PID 1 that the child gets under another number.
struct PassedDescriptor {
  int from;
  int to;  // below kLeastOwnDescriptor
};
inline constexpr int kLeastOwnDescriptor = 256;

/// All that a child needs, with nothing left to look up.
struct LaunchPlan {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=value"
  kernel::Account account;
  config::Sandbox sandbox;
  std::vector<MountStep> mounts;
  std::vector<sock_filter> filter;  // empty: every system call is allowed
  std::string working_directory = "/";
  std::string terminal;
  std::optional<unsigned> open_files;
  int nice = 0;
  config::Scheduling scheduling = config::Scheduling::Other;
  int oom_score_adjust = 0;
  std::optional<PassedDescriptor> passed;
};

/// The plan for one of a service's processes. Prepare, AfterStart and StopCommand run as root, outside of the sandbox.
[[nodiscard]] Result<LaunchPlan> plan_for(const config::ServiceSpec& spec, Process process);

struct LaunchedProcess {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd status;  // readable when the exec has failed or (end of file) succeeded
};

/// clone3(2) with CLONE_PIDFD and CLONE_INTO_CGROUP. `output` becomes standard output and error; -1: /dev/null.
[[nodiscard]] Result<LaunchedProcess> launch(const LaunchPlan& plan, int cgroup_directory, int output);

/// After `status` has become readable: why the exec failed, or none when it succeeded.
[[nodiscard]] std::optional<ExitReason> launch_failure(int status, const LaunchPlan& plan);

}  // namespace uebo::supervise
