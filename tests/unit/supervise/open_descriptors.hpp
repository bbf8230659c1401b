#pragma once

#include <fcntl.h>

#include <cstddef>

namespace uebo::supervise {

/// How many this process has.
inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

}  // namespace uebo::supervise
