// What is decided about /storage, apart from doing it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/kernel/block.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boot {

inline constexpr std::string_view kStorageLabel = "storage";

struct StorageChoice {
  std::vector<kernel::BlockDevice> candidates;  // all that could be used, the best first
  std::vector<std::string> warnings;
};

/// Of several file systems labelled `storage` the one with the lowest UUID is taken: the order in which the kernel
/// found the disks, which changes from boot to boot, plays no part. Copies of one disk have one UUID; of them the first
/// in the order of their names. Labels of vfat are upper case by custom: STORAGE counts there, after one that is spelt
/// as it should be. What is labelled so but can't be used (another case, no file system, encrypted, write-protected)
/// gets a warning that says what to do.
[[nodiscard]] StorageChoice choose_storage(const std::vector<kernel::BlockDevice>& devices);

/// Whether a device that can't be probed is worth a line: no card in its reader and a disk that is just going are not.
[[nodiscard]] bool is_worth_a_warning(const Error& probing);

/// How /storage is mounted, as in fstab. `boinc` is who owns all of a file system that knows no owners.
[[nodiscard]] std::string storage_options(std::string_view type, kernel::Owner boinc);

/// What checks a file system of the type, and mends what needs no decision: a program and its options, the device comes
/// behind. Empty: the image has nothing for it.
[[nodiscard]] std::vector<std::string> checker_of(std::string_view type);

/// What the check found, which decides about mounting.
enum class CheckResult { Clean, Corrected, Uncorrected, Cancelled, Failed };

/// e2fsck's exit code is a sum of conditions, as in fsck(8).
[[nodiscard]] CheckResult check_result(int exit_code);

/// fsck.fat's exit codes, one a run. Its 1 is all of: mended, could not write, could not read, gave up
/// (fsck.fat.c, common.c); and what its first run cuts off, the next removes. So only a run that finds nothing counts.
/// None: it is to be run again.
[[nodiscard]] std::optional<CheckResult> vfat_check_result(const std::vector<int>& exit_codes);

/// ext2, ext3, ext4: what e2fsck checks.
[[nodiscard]] bool is_ext(std::string_view type);

}  // namespace uebo::boot
