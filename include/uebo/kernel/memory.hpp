#pragma once

#include <cstdint>
#include <string>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

/// MemTotal and MemAvailable of proc_meminfo(5), in bytes.
struct Memory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
};

[[nodiscard]] Result<Memory> memory(const std::string& meminfo = "/proc/meminfo");

}  // namespace uebo::kernel
