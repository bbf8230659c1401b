// What a service sees of the file systems: changes of a mount namespace of its own, which is a slave of PID 1's (rule
// 11), so that what PID 1 unmounts goes there too. They are thought out before the clone; the child makes system calls
// alone.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "uebo/config/sandbox.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::supervise {

/// All mounts that there are become read-only, by mount_setattr(2), AT_RECURSIVE. Devices and sockets can be written to
/// on them as before.
struct ReadOnlyTree {};
/// What lies at the path, and below, may be written to all the same.
struct WritablePath {
  std::string path;
};
/// A new tmpfs. What is not there has none.
struct OwnTmpfs {
  std::string path;
  std::string options;
};
/// A /dev with null, zero, full, random, urandom, tty, terminals and shm alone.
struct OwnDevices {};
struct BindTree {
  config::BindMount bind;
};
/// A new proc, which shows a process to its own user alone (hidepid, Documentation/filesystems/proc). What PID 1 has
/// covered in the old one is covered with the same in the new one: see kernel/cover.hpp.
struct OwnProc {
  bool read_only;
};
/// An empty directory that nobody can read. What is mounted or unmounted below later does not show.
struct HiddenDirectory {
  std::string path;
};
/// As HiddenDirectory; the mount at the path goes from the namespace first. Neither looks at the file system that is
/// mounted there: its server may have gone.
struct RemovedMount {
  std::string path;
};

/// Of a tmpfs at /dev/shm.
inline constexpr const char* kSharedMemoryOptions = "mode=1777,size=25%";

using MountStep =
    std::variant<ReadOnlyTree, WritablePath, OwnTmpfs, OwnDevices, BindTree, OwnProc, HiddenDirectory, RemovedMount>;

/// The steps in their order; none: the service stays in PID 1's own namespace.
[[nodiscard]] std::vector<MountStep> mount_steps(const config::Sandbox& sandbox,
                                                 const std::vector<config::BindMount>& binds,
                                                 const std::vector<std::string>& hidden);

// --- in the child, as root: system calls alone. False: errno says why.

/// A mount namespace of its own that is a slave of the one before; and one of System V IPC, too.
enum class OwnIpc { No, Yes };
[[nodiscard]] bool enter_namespaces(OwnIpc ipc);
/// In such a namespace.
[[nodiscard]] bool perform(const MountStep& step);

/// For the report of one that failed: "mount /tmp".
[[nodiscard]] std::string description(const MountStep& step);

}  // namespace uebo::supervise
