// What this process itself uses.
#pragma once

#include <chrono>
#include <cstdint>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct OwnProcess {
  std::uint64_t memory = 0;  // bytes, resident
  std::chrono::microseconds cpu{};
  std::uint64_t descriptors = 0;  // that are open
};

[[nodiscard]] Result<OwnProcess> own_process();

}  // namespace uebo::kernel
