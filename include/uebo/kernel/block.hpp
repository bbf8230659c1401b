// Block devices and what libblkid finds on them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct BlockDevice {
  std::string path;   // /dev/mmcblk0p2
  std::string type;   // file system or "crypto_LUKS", ...; empty: nothing known
  std::string usage;  // what libblkid takes it for: "filesystem", "crypto", "raid", "other"
  std::string label;  // of the file system, or of the GPT partition where the file system has none
  std::string uuid;
  std::uint64_t size = 0;  // bytes
  dev_t number = 0;        // 0 for a file
  bool read_only = false;  // write-protected: the card's lock, the disk's own word
};

/// All disks and partitions that the kernel knows, in the order of their names (natural: sda2 before sda10), without
/// empty ones, RAM disks and loop devices. Not probed.
[[nodiscard]] Result<std::vector<std::string>> block_devices(const std::string& sysfs = "/sys");
/// Reads superblocks. Nothing recognised is a device with an empty type; a medium that can't be read is an error.
[[nodiscard]] Result<BlockDevice> probe(const std::string& path);
/// Whether a disk or partition of this number is there. Names are no identity: a card that is pulled out while mounted
/// keeps its number to itself, and the next card in the slot gets its name.
[[nodiscard]] bool block_device_exists(dev_t number, const std::string& sysfs = "/sys");
/// True when any signature (file system, partition table, RAID) is on it, for `uebo format`.
[[nodiscard]] Result<bool> holds_data(const std::string& path);

}  // namespace uebo::kernel
