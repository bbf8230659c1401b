// /storage over NFSv4: uebo.nfsdir.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/nfs_export.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {

/// True also where the argument's value was no good: a node that was to keep its data on a server must not begin anew
/// on a local disk.
[[nodiscard]] bool wants_nfs(const config::KernelArgs& args);

/// One try: server found, name and client id in place, mounted, written to, locked, and only then put on /storage.
/// Returns what is mounted, for people. An error says what is wrong, and nothing is mounted then.
[[nodiscard]] Result<std::string> mount_nfs_storage(const config::KernelArgs& args);

/// The server behind a mount, by the mount's own address: no name server is asked. None: it is no NFS mount.
struct MountedServer {
  std::string address;
  std::uint16_t port = 2049;
};
[[nodiscard]] std::optional<MountedServer> server_of(const kernel::MountPoint& mount);

/// Why a mount failed, in the words of what can be done about it.
[[nodiscard]] std::string mount_failure_hint(int code);

}  // namespace uebo::boot
