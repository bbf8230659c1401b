// The files of one log as they lie in its directory: `current`, current.1 (the youngest of the full ones), current.2
// and so on; see rotated_files.hpp. A file is known by its inode, whatever it is called by now.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "uebo/base/unique_fd.hpp"

namespace uebo::logs {

struct LogFile {
  UniqueFd fd;
  dev_t device = 0;
  ino_t inode = 0;

  [[nodiscard]] bool same_as(const LogFile& other) const { return device == other.device && inode == other.inode; }
};

/// Open for reading, from the youngest to the oldest. A rotation meanwhile hides none.
[[nodiscard]] std::vector<LogFile> open_log_files(const std::string& directory);

/// Nobody has begun another one since.
[[nodiscard]] bool is_current(const LogFile& file, const std::string& directory);

}  // namespace uebo::logs
