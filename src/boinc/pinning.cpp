#include "uebo/boinc/pinning.hpp"

#include <algorithm>
#include <numeric>

namespace uebo::boinc {

Placement place(std::span<const kernel::Core> cores, std::span<const PinnedTask> tasks, const Placement& before) {
  const auto wanted = std::accumulate(tasks.begin(), tasks.end(), std::size_t{0},
                                      [](std::size_t sum, const PinnedTask& task) { return sum + task.cores; });
  if (wanted > cores.size()) return {};
  std::vector<kernel::Core> best(cores.begin(), cores.end());
  std::ranges::stable_sort(best, std::greater(), &kernel::Core::capacity);
  std::vector<int> free;
  for (std::size_t index = 0; index < wanted; ++index) free.push_back(best[index].number);

  Placement placement;
  for (const PinnedTask& task : tasks) {
    auto& own = placement[task.pid];
    const auto had = before.find(task.pid);
    if (had == before.end()) continue;
    for (const int core : had->second)
      if (const auto found = std::ranges::find(free, core); found != free.end() && own.size() < task.cores) {
        own.push_back(core);
        free.erase(found);
      }
  }
  // Those of many cores first: they find neighbours.
  std::vector<PinnedTask> order(tasks.begin(), tasks.end());
  std::ranges::stable_sort(order, std::greater(), &PinnedTask::cores);
  for (const PinnedTask& task : order) {
    auto& own = placement[task.pid];
    while (own.size() < task.cores && !free.empty()) {
      own.push_back(free.front());
      free.erase(free.begin());
    }
    std::ranges::sort(own);
  }
  return placement;
}

}  // namespace uebo::boinc
