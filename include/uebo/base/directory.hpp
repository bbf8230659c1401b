// Directories. std::filesystem does the same, for 90 kB more of the binary.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo {

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;  // a link to one is none
};

/// All but "." and "..", in no order.
[[nodiscard]] Result<std::vector<DirectoryEntry>> entries_of(const std::string& directory);

/// A file, or a directory with all that is in it; links are not followed. Returns how many were removed: 0, nothing was
/// there.
[[nodiscard]] Result<std::size_t> remove_all(const std::string& path);

}  // namespace uebo
