// The disk behind /storage: checked, mounted, and known again by its number.
#pragma once

#include <string>

#include "uebo/base/result.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/kernel/block.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {

/// Checks it where there is a checker for its file system, and mounts it on /storage. ECANCELED: the check was told to
/// end.
[[nodiscard]] Result<> mount_disk(const kernel::BlockDevice& device);

/// False when the disk that was mounted has gone, whatever has its name by now. What is not mounted from a disk (NFS)
/// is always there.
[[nodiscard]] bool is_still_there(const kernel::MountPoint& mount, const std::string& sysfs = "/sys",
                                  const std::string& note = kStorageNumberFile);

/// When it is unmounted.
void forget_disk();

}  // namespace uebo::boot
