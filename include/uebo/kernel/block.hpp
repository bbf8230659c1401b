// Block devices and what libblkid finds on them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct BlockDevice {
  std::string path;   // /dev/mmcblk0p2
  std::string type;   // file system or "crypto_LUKS", ...; empty: nothing known
  std::string label;  // of the file system, or of the GPT partition where the file system has none
  std::string uuid;
  std::uint64_t size = 0;  // bytes
};

/// All disks and partitions that the kernel knows, in the order of their names (natural: sda2 before sda10), without
/// empty ones, RAM disks and loop devices. Not probed.
[[nodiscard]] Result<std::vector<std::string>> block_devices(const std::string& sysfs = "/sys");
/// Reads superblocks. Nothing recognised is a device with an empty type; a medium that can't be read is an error.
[[nodiscard]] Result<BlockDevice> probe(const std::string& path);
/// True when any signature (file system, partition table, RAID) is on it, for `uebo format`.
[[nodiscard]] Result<bool> holds_data(const std::string& path);

}  // namespace uebo::kernel
