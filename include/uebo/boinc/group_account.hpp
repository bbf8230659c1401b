// What the kernel has counted for the control group of the client and its tasks (admin-guide/cgroup-v2,
// accounting/psi).
#pragma once

#include <limits>
#include <string>

namespace uebo::boinc {

inline constexpr const char* kClientGroupName = "/uebo/boinc";  // as /proc/PID/cgroup has it
inline constexpr const char* kClientGroup = "/sys/fs/cgroup/uebo/boinc";

/// Of this run of the client. What the kernel does not tell, or a group that is not there, is not a number.
struct GroupAccount {
  double cpu_limit = std::numeric_limits<double>::quiet_NaN();       // of all processors, 0 to 1: cpu.max
  double throttled = std::numeric_limits<double>::quiet_NaN();       // seconds that it was held back so: cpu.stat
  double memory_stalled = std::numeric_limits<double>::quiet_NaN();  // seconds: "full" of memory.pressure
};

[[nodiscard]] GroupAccount group_account(std::size_t cores, const std::string& directory = kClientGroup);

}  // namespace uebo::boinc
