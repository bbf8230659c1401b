// Which processors a process runs on (sched_setaffinity(2)), and what each is worth.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct Core {
  int number = 0;
  /// Documentation/ABI/testing/sysfs-devices-system-cpu, cpu_capacity: 1024 for the biggest of the system, which is
  /// what all have where the kernel does not tell them apart.
  unsigned capacity = 1024;

  friend bool operator==(const Core&, const Core&) = default;
};

/// Those that this process may run on, by their numbers.
[[nodiscard]] Result<std::vector<Core>> usable_cores(const std::string& sysfs = "/sys/devices/system/cpu");

/// Binds all threads of a process to these processors. Threads and processes that they start inherit it. ESRCH when the
/// process has gone.
[[nodiscard]] Result<> set_affinity(pid_t process, std::span<const int> cores);

/// The process itself and those of `candidates` that descend from it.
[[nodiscard]] std::vector<pid_t> family_of(pid_t process, std::span<const pid_t> candidates);

}  // namespace uebo::kernel
