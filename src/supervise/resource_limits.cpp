#include "uebo/supervise/resource_limits.hpp"

#include <spdlog/spdlog.h>

#include <string_view>

#include "uebo/supervise/memory_bound.hpp"

namespace uebo::supervise {
namespace {

class Limits {
 public:
  Limits(const kernel::Cgroup& cgroup, const config::ServiceSpec& spec) : cgroup_(cgroup), spec_(spec) {}

  void apply() const {
    bound_memory("memory.high", spec_.memory_high);
    bound_memory("memory.max", spec_.memory_max);
    bound_swap();
    if (spec_.pids_max) must("pids.max", std::to_string(*spec_.pids_max));
    // Between groups a process' own nice value means nothing: it counts among the processes of its group.
    if (spec_.cpu_weight)
      may("cpu.weight", std::to_string(*spec_.cpu_weight));
    else if (spec_.nice != 0)
      may("cpu.weight.nice", std::to_string(spec_.nice));
    if (spec_.io_weight) may("io.weight", "default " + std::to_string(*spec_.io_weight));
  }

 private:
  void bound_memory(const std::string& file, const std::vector<config::MemoryBound>& bounds) const {
    if (bounds.empty()) return;
    if (const auto bytes = memory_limit(bounds))
      must(file, std::to_string(*bytes));
    else
      spdlog::warn("{}: runs without {}: {}", spec_.name, file, bytes.error().message());
  }
  /// Swap is memory, too, compressed: what may have 16 MB is not to have half of RAM there.
  void bound_swap() const {
    if (!spec_.memory_swap_max.empty()) {
      bound_memory("memory.swap.max", spec_.memory_swap_max);
    } else if (const auto most = memory_limit(spec_.memory_max); most && !spec_.memory_max.empty()) {
      may("memory.swap.max", std::to_string(*most / 2));
    }
  }
  void must(const std::string& file, std::string_view value) const {
    if (const auto set = cgroup_.set(file, value); !set)
      spdlog::warn("{}: runs without {}: {}", spec_.name, file, set.error().message());
  }
  void may(const std::string& file, std::string_view value) const {
    if (const auto set = cgroup_.set(file, value); !set)
      spdlog::debug("{}: runs without {}: {}", spec_.name, file, set.error().message());
  }

  const kernel::Cgroup& cgroup_;
  const config::ServiceSpec& spec_;
};

}  // namespace

void apply_resource_limits(const kernel::Cgroup& cgroup, const config::ServiceSpec& spec) {
  Limits(cgroup, spec).apply();
}

}  // namespace uebo::supervise
