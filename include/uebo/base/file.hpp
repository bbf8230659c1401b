// Whole small files: kernel interfaces, configuration. Never for anything that may be large.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo {

/// The content of a file, at most `limit` bytes of it (an error beyond: EFBIG).
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = 1 << 20);

/// Writes into an existing file by one write(2), as /proc, /sys and cgroup files want it.
[[nodiscard]] Result<> write_kernel_file(const std::string& path, std::string_view content);

/// Writes all of it, in as many write(2)s as that takes; `path` is for the error.
[[nodiscard]] Result<> write_all(int fd, std::string_view content, const std::string& path);

/// Replaces a file atomically: a temporary beside it, fsync, rename. The new file has exactly `mode`.
[[nodiscard]] Result<> replace_file(const std::string& path, std::string_view content, mode_t mode);

/// mkdir -p; directories that it makes get `mode`.
[[nodiscard]] Result<> make_directories(const std::string& path, mode_t mode = 0755);

}  // namespace uebo
