// What PID 1 does itself before anything else can run, in this order. Nothing here stops the boot: each step goes on as
// far as it can, logs a line for each thing that went wrong, and returns the first of them that matters.
#pragma once

#include <string>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo::boot {

/// /proc, /sys, /dev, /run, /tmp, /var/log, control groups; the kernel's settings; the look for the sentinel that says
/// that the initramfs was unpacked to its end.
[[nodiscard]] Result<> api_file_systems();

/// Reads the command line, keeps it for the roles (root alone can read it) and for shells, covers every place that
/// shows its secrets, and says what is wrong with it. An error: a secret may be seen, or the roles don't get their
/// arguments.
[[nodiscard]] Result<> kernel_arguments();

/// Loads the drivers of the watchdogs that the devices ask for, before any other module. What comes up later (behind
/// a bus or a regulator that has no driver yet) the modules job loads.
[[nodiscard]] Result<> load_watchdog_driver();

/// Mounts /usr.img on /usr, read only, after the modules that it takes.
[[nodiscard]] Result<> mount_usr();

/// Covers the secrets of the command line below one mount of proc and one of sysfs: to be called again for each new
/// one. What shows them blanked already is left alone.
[[nodiscard]] Result<> cover_secrets(const std::string& proc_mount = "/proc", const std::string& sysfs_mount = "/sys");

/// "erofs", "squashfs", or empty: by the magic in an image's first 2 kB.
[[nodiscard]] std::string_view image_type(std::string_view head);

}  // namespace uebo::boot
