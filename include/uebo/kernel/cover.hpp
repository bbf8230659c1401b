#pragma once

#include <string>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

/// Hides what `target` shows behind `content`: a 0444 file in `directory` (on a tmpfs, made if it is missing) is bound
/// over it, read only. Nothing is done where the target shows just that already, so it may be called again after every
/// new mount of proc or sysfs. A target that is missing is ENOENT.
[[nodiscard]] Result<> cover(const std::string& target, std::string_view content, const std::string& directory);

}  // namespace uebo::kernel
