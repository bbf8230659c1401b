// The end of /storage: the date, the data, the mount. Bounded, and never given up before the data is out, unless it is
// a server's that does not answer.
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/mount.h>
#include <unistd.h>

#include <thread>

#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/boot/nfs_storage.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/storage_disk.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/nfs.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boot {
namespace {

using std::chrono::seconds;

constexpr int kTries = 25;
constexpr std::chrono::milliseconds kUnmountPause{200};
constexpr seconds kAnswer{3};     // of an NFS server that works
constexpr seconds kWriteOut{40};  // over the network
constexpr seconds kUnmount{5};    // that writes nothing

void write_out() {
  const UniqueFd root(open(kStorageDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || syncfs(root.get()) != 0) spdlog::error("{}", errno_error("sync", kStorageDirectory).error().message());
}

/// A process that has just been killed may hold the mount for a moment longer.
Result<> unmount_patiently() {
  auto unmounted = kernel::unmount(kStorageDirectory);
  for (int tries = 1; tries < kTries && !unmounted && unmounted.error().code == EBUSY; ++tries) {
    std::this_thread::sleep_for(kUnmountPause);
    unmounted = kernel::unmount(kStorageDirectory);
  }
  return unmounted;
}

/// Returns whether it is unmounted.
bool write_out_and_unmount() {
  if (const auto kept = keep_last_date(seconds(0)); !kept) spdlog::warn("{}", kept.error().message());
  write_out();
  const auto unmounted = unmount_patiently();
  if (!unmounted) spdlog::warn("{}", unmounted.error().message());
  return unmounted.has_value();
}

/// Returns what became of the mount.
Result<std::string> unmount_disk() {
  if (write_out_and_unmount()) return "unmounted";
  if (kernel::unmount(kStorageDirectory, MNT_FORCE)) return "unmounted by force";
  UEBO_TRY(kernel::unmount(kStorageDirectory, MNT_DETACH));
  return "detached, though something still uses it";
}

bool unmount_within(int flags, seconds limit) {
  const auto code = kernel::run_bounded([flags] { return kernel::unmount(kStorageDirectory, flags) ? 0 : 1; }, limit);
  return code && *code == 0;
}

bool still_mounted() {
  const auto mounted = kernel::find_mount(kStorageDirectory);
  return !mounted || mounted->has_value();
}

/// Whatever goes to the server may never come back, so each step has a child and a limit of its own.
Result<std::string> unmount_nfs(const MountedServer& server) {
  const auto answer = kernel::find_nfs_server(server.address, server.port, kAnswer);
  std::string lost;
  if (answer) {
    const auto code = kernel::run_bounded([] { return write_out_and_unmount() ? 0 : 1; }, kWriteOut);
    if (code && *code == 0) return "unmounted";
    if (!code) lost = fmt::format("; writing out took longer than {} s", kWriteOut.count());
  } else {
    lost = fmt::format("; what was not written yet is lost: {}", answer.error().message());
  }
  // By force: what waits for the server gets an error. Busy or not known to have ended, it goes out of sight.
  if (unmount_within(MNT_FORCE, kUnmount)) return "unmounted by force" + lost;
  if (unmount_within(MNT_DETACH, kUnmount) || !still_mounted()) return "detached" + lost;
  return fail(ETIMEDOUT, "unmount", kStorageDirectory);
}

}  // namespace

int unmount_storage_role(std::span<const std::string_view>) {
  const auto mounted = kernel::find_mount(kStorageDirectory);
  if (mounted && !*mounted) return 0;
  const auto server = mounted ? server_of(**mounted) : std::nullopt;
  const auto done = server ? unmount_nfs(*server) : unmount_disk();
  if (!done) {
    spdlog::error("{}", done.error().message());
    return 1;
  }
  forget_disk();
  spdlog::info("{}", *done);
  return 0;
}

}  // namespace uebo::boot
