// Swap areas.
#pragma once

#include <cstdint>
#include <string>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

/// Makes a swap area of an existing block device or file of `size` bytes (include/linux/swap.h, union swap_header).
/// What is in its first page is lost.
[[nodiscard]] Result<> make_swap(const std::string& path, std::uint64_t size);

/// swapon(2). The higher the priority (0 to 32767), the earlier it is used. One that is in use already: EBUSY.
[[nodiscard]] Result<> swap_on(const std::string& path, int priority);

}  // namespace uebo::kernel
