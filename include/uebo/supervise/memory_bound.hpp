#pragma once

#include <cstdint>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::supervise {

/// The smallest of the bounds in bytes, against this machine's MemTotal. A reserve that is larger than RAM counts as
/// a tenth of RAM: a limit of nothing would let nothing run.
[[nodiscard]] Result<std::uint64_t> memory_limit(const std::vector<config::MemoryBound>& bounds);
[[nodiscard]] std::uint64_t memory_limit(const std::vector<config::MemoryBound>& bounds, std::uint64_t total);

}  // namespace uebo::supervise
