// Which task gets which processors. A task that wanders between cores loses its caches at each step, and on a board
// with big and little cores the scheduler moves long-running tasks about between them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "uebo/kernel/affinity.hpp"

namespace uebo::boinc {

struct PinnedTask {
  pid_t pid = 0;
  std::size_t cores = 1;
};

/// The numbers of the processors of each task's process, in rising order.
using Placement = std::map<pid_t, std::vector<int>>;

/// Gives each task as many processors as it uses, none twice, the biggest ones first. A task keeps those that it has in
/// `before` as long as no bigger one is free. Empty when the tasks use more than there are: then nobody is pinned.
[[nodiscard]] Placement place(std::span<const kernel::Core> cores, std::span<const PinnedTask> tasks,
                              const Placement& before);

}  // namespace uebo::boinc
