// The end of /storage: the date, the data, the mount. Bounded, and never given up before the data is out.
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/mount.h>
#include <unistd.h>

#include <thread>

#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

constexpr int kTries = 25;
constexpr std::chrono::milliseconds kPause{200};

void write_out() {
  const UniqueFd root(open(kStorageDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || syncfs(root.get()) != 0) spdlog::error("{}", errno_error("sync", kStorageDirectory).error().message());
}

/// A process that has just been killed may hold the mount for a moment longer.
Result<> unmount_patiently() {
  auto unmounted = kernel::unmount(kStorageDirectory);
  for (int tries = 1; tries < kTries && !unmounted && unmounted.error().code == EBUSY; ++tries) {
    std::this_thread::sleep_for(kPause);
    unmounted = kernel::unmount(kStorageDirectory);
  }
  return unmounted;
}

/// Returns what became of the mount.
Result<std::string_view> unmount_somehow() {
  const auto patient = unmount_patiently();
  if (patient) return "unmounted";
  spdlog::warn("{}", patient.error().message());
  if (kernel::unmount(kStorageDirectory, MNT_FORCE)) return "unmounted by force";
  UEBO_TRY(kernel::unmount(kStorageDirectory, MNT_DETACH));
  return "detached, though something still uses it";
}

}  // namespace

int unmount_storage_role(std::span<const std::string_view>) {
  const auto mounted = kernel::find_mount(kStorageDirectory);
  if (mounted && !*mounted) return 0;
  if (const auto kept = keep_last_date(std::chrono::seconds(0)); !kept) spdlog::warn("{}", kept.error().message());
  write_out();
  const auto done = unmount_somehow();
  if (!done) {
    spdlog::error("{}", done.error().message());
    return 1;
  }
  spdlog::info("{}", *done);
  return 0;
}

}  // namespace uebo::boot
