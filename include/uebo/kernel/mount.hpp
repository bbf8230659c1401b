// Mounts. libmount where a table or a helper's options matter, mount(2) and its successors where one call is all.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

struct MountPoint {
  std::string source;
  std::string target;
  std::string type;
  std::string options;
  dev_t number = 0;  // of the disk behind it; one without a major part (btrfs, NFS) says nothing of a disk
};

/// A kernel file system: proc, sysfs, devtmpfs, tmpfs, cgroup2, ... EBUSY (mounted there already) is success.
[[nodiscard]] Result<> mount_api(const std::string& type, const std::string& target, unsigned long flags,
                                 const std::string& options = {});
/// A block device, through libmount: `type` empty: what probe() finds; options as in fstab ("noatime,nosuid,nodev").
[[nodiscard]] Result<> mount_device(const std::string& device, const std::string& target, const std::string& type,
                                    const std::string& options);
/// A parameter of fsconfig(2): a string, or a flag where the value is empty.
struct MountParameter {
  std::string name;
  std::string value;
};
/// A mount that is attached nowhere yet and goes with its descriptor: its root can be worked in (openat(2)) before
/// anybody else sees it. `attributes` are fsmount(2)'s.
[[nodiscard]] Result<UniqueFd> make_mount(const std::string& type, const std::vector<MountParameter>& parameters,
                                          unsigned attributes);
[[nodiscard]] Result<> attach_mount(int mount, const std::string& target);
/// A mount of `source` (a directory or a file) at `target` as well, without the mounts below it. Call it qualified:
/// for std::string arguments an unqualified bind may be std::bind.
[[nodiscard]] Result<> bind(const std::string& source, const std::string& target, bool read_only);
/// Makes the mount and all below it shared (rule 11) with mount_setattr(2), AT_RECURSIVE.
[[nodiscard]] Result<> make_shared_recursively(const std::string& target);
/// Flags are umount2(2)'s. Not mounted (EINVAL) is an error.
[[nodiscard]] Result<> unmount(const std::string& target, int flags = 0);
[[nodiscard]] Result<std::optional<MountPoint>> find_mount(const std::string& target);
/// From /proc/self/mountinfo, in the order of mounting.
[[nodiscard]] Result<std::vector<MountPoint>> mounts();
/// Attaches `file` to a free loop device, read only (loop(4), LOOP_CONFIGURE). Returns /dev/loopN, which stays
/// attached.
[[nodiscard]] Result<std::string> attach_loop(const std::string& file);
/// A file system image, read only: by the file itself where the kernel can (erofs since 6.12), else through a loop
/// device that is freed with the mount (needs the module loop).
[[nodiscard]] Result<> mount_image(const std::string& file, const std::string& target, const std::string& type);

}  // namespace uebo::kernel
