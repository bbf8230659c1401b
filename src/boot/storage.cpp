// /storage: the file system labelled `storage` is looked for, checked and mounted. The first run waits for slow disks;
// later ones, one for every block device that comes or goes, look once.
#include "uebo/boot/storage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <thread>

#include "uebo/base/file.hpp"
#include "uebo/boot/clock.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/boot/nfs_storage.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/service_overlays.hpp"
#include "uebo/boot/storage_disk.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/uevent.hpp"

namespace uebo::boot {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSettling{250};

Result<StorageChoice> look() {
  std::vector<kernel::BlockDevice> devices;
  std::vector<std::string> unreadable;
  for (const std::string& path : UEBO_TRY(kernel::block_devices())) {
    auto device = kernel::probe(path);
    if (device)
      devices.push_back(std::move(*device));
    else if (is_worth_a_warning(device.error()))
      unreadable.push_back(device.error().message());
  }
  StorageChoice choice = choose_storage(devices);
  choice.warnings.insert(choice.warnings.begin(), unreadable.begin(), unreadable.end());
  return choice;
}

/// True when a block device has come or changed since the last call.
bool block_device_came(kernel::UeventSocket& events) {
  bool came = false;
  for (;;) {
    const auto event = events.receive();
    if (!event) return came || event.error().code == ENOBUFS;
    if (!*event) return came;
    came = came || ((*event)->get("SUBSYSTEM") == "block" && (*event)->action != "remove");
  }
}

/// Looks at once, and again for each block device that comes until the limit, or until nothing has come for a moment
/// after the first find: disks that come together are all seen before one is chosen.
Result<StorageChoice> look_for(milliseconds limit) {
  auto events = UEBO_TRY(kernel::UeventSocket::open());
  auto choice = look();
  if (!choice || limit <= milliseconds(0)) return choice;
  const auto loop = UEBO_TRY(event::Loop::create());
  const auto stop_in = [&](milliseconds time) { loop->at(BootClock::now() + time, [&] { loop->stop(); }); };
  stop_in(limit);
  if (!choice->candidates.empty())
    stop_in(kSettling);
  else
    spdlog::info("waiting up to {:g} s for a file system labelled `{}`", std::chrono::duration<double>(limit).count(),
                 kStorageLabel);
  UEBO_TRY(loop->watch(events.fd(), EPOLLIN, [&](std::uint32_t) {
    if (!block_device_came(events)) return;
    choice = look();
    if (!choice || !choice->candidates.empty()) stop_in(kSettling);
  }));
  UEBO_TRY(loop->run());
  return choice;
}

/// How long the first run waits. None for whoever comes after it: it has been called because something came or went.
std::optional<milliseconds> first_wait(const config::KernelArgs& args) {
  if (access(kStorageWaitedFile, F_OK) == 0) return std::nullopt;
  if (const auto noted = replace_file(kStorageWaitedFile, "", 0644); !noted)
    spdlog::warn("{}", noted.error().message());
  return config::parse_duration(args.get("uebo.storage.wait").value_or("")).value_or(milliseconds(0));
}

void apply_last_date() {
  const auto text = read_file(kLastDateFile, 64);
  if (!text) return;
  const auto time = parse_last_date(*text);
  if (!time) return spdlog::warn("{} holds no date; it is ignored", kLastDateFile);
  const auto corrected = correct_clock({{.name = kLastDateFile, .time = *time}});
  if (!corrected) return spdlog::warn("{}", corrected.error().message());
  if (*corrected) spdlog::info("clock: {}, by {}", time_text((*corrected)->time), (*corrected)->name);
}

/// What people have laid over the services. PID 1 never opens a path under /storage, so it gets copies.
void take_service_overlays() {
  const auto staged = stage_service_overlays(kStoredOverlaysDirectory, kOverlaysDirectory);
  const auto told = reload_services(staged ? staged->problems : std::vector{staged.error().message()});
  if (!told) spdlog::error("{}", told.error().message());
}

/// What lies there counts from now on.
void greet_storage(const std::string& what) {
  apply_last_date();
  take_service_overlays();
  spdlog::info("{} mounted on {}", what, kStorageDirectory);
}

/// Somebody who plugs in a second disk wants to know why it is not used.
void mention_others(const std::string& used) {
  const auto choice = look();
  if (!choice) return;
  for (const kernel::BlockDevice& other : choice->candidates)
    if (other.path != used)
      spdlog::warn("{} is labelled `{}` as well; {} stays in use", other.path, kStorageLabel, used);
}

enum class Mounted { Nothing, Present, Gone };

/// Whether /storage is mounted from a disk that is still there. One that has gone is detached.
Result<Mounted> look_at_mount() {
  const auto mounted = UEBO_TRY(kernel::find_mount(kStorageDirectory));
  if (!mounted) return Mounted::Nothing;
  if (is_still_there(*mounted)) {
    if (mounted->source.starts_with("/dev/")) mention_others(mounted->source);
    return Mounted::Present;
  }
  spdlog::error("{} has gone; plug it in again at any time", mounted->source);
  UEBO_TRY(kernel::unmount(kStorageDirectory, MNT_DETACH));
  forget_disk();
  return Mounted::Gone;
}

/// The best of them that can be mounted. One that is damaged does not keep a node from its work with another.
bool mount_one_of(const std::vector<kernel::BlockDevice>& candidates) {
  std::vector<std::string> failed;
  for (const kernel::BlockDevice& device : candidates) {
    const auto mounted = mount_disk(device);
    if (mounted) {
      greet_storage(fmt::format("{} ({}, {})", device.path, device.type, size_text(device.size)));
      // Last of all: it is what the console and `status` show.
      if (!failed.empty())
        spdlog::warn("{} is used in place of {}, which could not be mounted", device.path, fmt::join(failed, ", "));
      return true;
    }
    spdlog::error("{}", mounted.error().message());
    if (mounted.error().code == ECANCELED) return false;
    failed.push_back(device.path);
  }
  return false;
}

Result<bool> provide_storage() {
  const Mounted mounted = UEBO_TRY(look_at_mount());
  if (mounted == Mounted::Present) return true;
  if (mounted == Mounted::Gone) {
    // This run fails, so that whoever used it stops. Another disk is for the next run, which is asked for now.
    UEBO_TRY(trigger("uevent:block"));
    return false;
  }
  const config::KernelArgs args = UEBO_TRY(config::load_kernel_args());
  if (wants_nfs(args)) {
    const std::string what = UEBO_TRY(mount_nfs_storage(args));
    greet_storage(what);
    return true;
  }
  const auto wait = first_wait(args);
  const StorageChoice choice = UEBO_TRY(look_for(wait.value_or(milliseconds(0))));
  // Last of all what stands in the way of a disk that is meant: `status` shows the last line.
  if (choice.candidates.empty() && wait)
    spdlog::warn("no file system labelled `{}` that can be used within {:g} s; plug one in at any time", kStorageLabel,
                 std::chrono::duration<double>(*wait).count());
  for (const std::string& warning : choice.warnings) spdlog::warn("{}", warning);
  return mount_one_of(choice.candidates);
}

constexpr std::chrono::seconds kCheckPatience{30};

}  // namespace

int storage_patience_role(std::span<const std::string_view>) {
  const auto args = config::load_kernel_args();
  const auto wait = args ? config::parse_duration(args->get("uebo.storage.wait").value_or("")) : std::nullopt;
  std::this_thread::sleep_for(wait.value_or(milliseconds(0)) + kCheckPatience);
  if (const auto told = set_condition(config::kStorageSettled, "storage-patience", "has waited long enough"); !told) {
    spdlog::error("{}", told.error().message());
    return 1;
  }
  return 0;
}

int storage_role(std::span<const std::string_view>) {
  const auto provided = provide_storage();
  if (!provided) spdlog::error("{}", provided.error().message());
  return provided && *provided ? 0 : 1;
}

}  // namespace uebo::boot
