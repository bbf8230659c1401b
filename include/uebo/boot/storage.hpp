// What is decided about /storage, apart from doing it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/kernel/block.hpp"

namespace uebo::boot {

inline constexpr std::string_view kStorageLabel = "storage";

struct StorageChoice {
  std::optional<kernel::BlockDevice> device;
  std::vector<std::string> candidates;  // paths of all that could be used, the chosen one first
  std::vector<std::string> warnings;
};

/// Of several file systems labelled `storage` the one with the lowest UUID is taken: the order in which the kernel
/// found the disks, which changes from boot to boot, plays no part. Copies of one disk have one UUID; of them the first
/// in the order of their names. What carries the label but holds no file system gets a warning.
[[nodiscard]] StorageChoice choose_storage(const std::vector<kernel::BlockDevice>& devices);

/// What e2fsck(8)'s exit code, a sum of conditions, means for mounting.
enum class CheckResult { Clean, Corrected, Uncorrected, Failed };
[[nodiscard]] CheckResult check_result(int exit_code);

/// ext2, ext3, ext4: what e2fsck checks.
[[nodiscard]] bool is_ext(std::string_view type);

/// What /storage/services/*.json say: {"enabled": false}. A file that says nothing understandable is a warning.
struct ServiceSettings {
  std::map<std::string, bool> enabled;
  std::vector<std::string> warnings;
};
[[nodiscard]] ServiceSettings read_service_settings(const std::string& directory);

}  // namespace uebo::boot
