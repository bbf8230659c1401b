// Which cgroup a process is in.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace uebo::kernel {

/// Its path in the cgroup v2 hierarchy, as /proc/PID/cgroup has it after "0::" (cgroups(7)); also of a process that has
/// ended and was not reaped. None: there is no such process.
[[nodiscard]] std::optional<std::string> cgroup_of(pid_t pid);

enum class Membership { Member, Stranger, Gone };

/// Whether a process is in that cgroup or in one below it. A pid of 0 stands for a process that this pid namespace does
/// not see: a stranger.
[[nodiscard]] Membership membership(pid_t pid, std::string_view cgroup);

}  // namespace uebo::kernel
