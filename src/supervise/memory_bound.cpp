#include "uebo/supervise/memory_bound.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <limits>

namespace uebo::supervise {
namespace {

struct BytesOf {
  std::uint64_t total;
  std::uint64_t operator()(const config::MemoryBytes& bound) const { return bound.bytes; }
  std::uint64_t operator()(const config::MemoryShare& bound) const { return total / 100 * bound.percent; }
  std::uint64_t operator()(const config::MemoryReserve& bound) const {
    return total > bound.bytes ? std::max(total - bound.bytes, total / 10) : total / 10;
  }
};

}  // namespace

std::uint64_t memory_limit(const std::vector<config::MemoryBound>& bounds, std::uint64_t total) {
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& bound : bounds) smallest = std::min(smallest, std::visit(BytesOf{total}, bound));
  return smallest;
}

Result<std::uint64_t> memory_limit(const std::vector<config::MemoryBound>& bounds) {
  struct sysinfo info{};
  if (sysinfo(&info) != 0) return errno_error("sysinfo", "");
  return memory_limit(bounds, static_cast<std::uint64_t>(info.totalram) * info.mem_unit);
}

}  // namespace uebo::supervise
