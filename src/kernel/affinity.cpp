#include "uebo/kernel/affinity.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "uebo/base/directory.hpp"
#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

constexpr int kRounds = 8;  // over the threads: one that was just being started is found in the next

std::vector<int> threads_of(pid_t process) {
  std::vector<int> threads;
  const auto entries = entries_of(fmt::format("/proc/{}/task", process));
  if (!entries) return threads;
  for (const DirectoryEntry& entry : *entries) {
    int thread = 0;
    std::from_chars(entry.name.data(), entry.name.data() + entry.name.size(), thread);
    if (thread > 0) threads.push_back(thread);
  }
  return threads;
}

/// proc_pid_stat(5): the fourth field, behind a name that may hold anything. 0: it has gone.
pid_t parent_of(pid_t process) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", process));
  const auto name_ends = stat ? stat->rfind(')') : std::string::npos;
  pid_t parent = 0;
  constexpr std::size_t kState = 4;  // ") S "
  if (name_ends != std::string::npos && name_ends + kState < stat->size())
    std::from_chars(stat->data() + name_ends + kState, stat->data() + stat->size(), parent);
  return parent;
}

}  // namespace

Result<std::vector<Core>> usable_cores(const std::string& sysfs) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return errno_error("read", "the processors of this process");
  std::vector<Core> cores;
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (!CPU_ISSET(number, &set)) continue;
    Core core{.number = number};
    if (const auto capacity = read_file(fmt::format("{}/cpu{}/cpu_capacity", sysfs, number)))
      std::from_chars(capacity->data(), capacity->data() + capacity->size(), core.capacity);
    cores.push_back(core);
  }
  return cores;
}

Result<> set_affinity(pid_t process, std::span<const int> cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  std::vector<int> done;
  for (int round = 0; round < kRounds; ++round) {
    auto threads = threads_of(process);
    std::erase_if(threads, [&](int thread) { return std::ranges::find(done, thread) != done.end(); });
    if (threads.empty()) break;
    for (const int thread : threads) {
      if (sched_setaffinity(thread, sizeof set, &set) != 0 && errno != ESRCH)
        return errno_error("set the processors of", fmt::format("process {}", process));
      done.push_back(thread);
    }
  }
  if (done.empty()) return fail(ESRCH, "set the processors of", fmt::format("process {}", process));
  return {};
}

std::vector<pid_t> family_of(pid_t process, std::span<const pid_t> candidates) {
  std::map<pid_t, pid_t> parents;
  for (const pid_t candidate : candidates) parents[candidate] = parent_of(candidate);
  std::vector<pid_t> family{process};
  for (const pid_t candidate : candidates) {
    pid_t ancestor = candidate;
    // As many steps as there are processes, at most: what was read at different moments could be a circle.
    for (std::size_t step = 0; step < parents.size() && ancestor != process; ++step) {
      const auto parent = parents.find(ancestor);
      if (parent == parents.end()) break;
      ancestor = parent->second;
    }
    if (ancestor == process && candidate != process) family.push_back(candidate);
  }
  return family;
}

}  // namespace uebo::kernel
