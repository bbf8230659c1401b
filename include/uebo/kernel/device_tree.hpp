#pragma once

#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

/// What the device tree's root is compatible with, most specific first ("xunlong,orangepi-pc", "allwinner,sun8i-h3").
/// Empty on a machine without a device tree.
[[nodiscard]] Result<std::vector<std::string>> device_tree_compatible(
    const std::string& path = "/proc/device-tree/compatible");

}  // namespace uebo::kernel
