// Disk images for tests.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>

namespace uebo::kernel::test {

/// An ext4 file system of 4 MiB. False where there is no mke2fs.
inline bool make_ext4(const std::string& image, const std::string& label) {
  return system(("PATH=/usr/sbin:/sbin:$PATH mke2fs -q -F -t ext4 -L '" + label + "' '" + image + "' 4M").c_str()) == 0;
}

inline void overwrite(const std::string& image, std::streamoff offset, std::string_view content) {
  std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}

}  // namespace uebo::kernel::test
