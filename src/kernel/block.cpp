#include "uebo/kernel/block.hpp"

#include <blkid.h>
#include <dirent.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

using Probe =
    std::unique_ptr<std::remove_pointer_t<blkid_probe>, decltype([](blkid_probe probe) { blkid_free_probe(probe); })>;
using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

// blkid_do_safeprobe(3); the names for these values came with util-linux 2.40.
constexpr int probe_ok = 0;
constexpr int probe_nothing = 1;
constexpr int probe_ambivalent = -2;

Result<Probe> open_probe(const std::string& path) {
  errno = 0;
  Probe probe(blkid_new_probe_from_filename(path.c_str()));
  if (!probe) return fail(errno != 0 ? errno : EIO, "probe", path);
  return probe;
}

std::string value_of(const Probe& probe, const char* name) {
  const char* data = nullptr;
  std::size_t length = 0;
  if (blkid_probe_lookup_value(probe.get(), name, &data, &length) != 0 || data == nullptr) return {};
  return std::string(data, strnlen(data, length));
}

/// A file that holds a file system can't be asked, and is as writable as its mode says.
bool is_read_only(int device) {
  int read_only = 0;
  return ioctl(device, BLKROGET, &read_only) == 0 && read_only != 0;
}

bool has_size(const std::string& attributes) {
  const auto size = read_file(attributes + "/size");
  return size && !size->empty() && size->front() != '0';
}

}  // namespace

Result<std::vector<std::string>> block_devices(const std::string& sysfs) {
  const std::string path = sysfs + "/class/block";
  const Directory directory(opendir(path.c_str()));
  if (!directory) return errno_error("read", path);
  std::vector<std::string> devices;
  while (const dirent* entry = readdir(directory.get())) {
    std::string name = entry->d_name;
    const auto is_a = [&name](std::string_view kind) { return name.starts_with(kind); };
    if (is_a(".") || is_a("ram") || is_a("loop") || is_a("zram") || !has_size(path + "/" + name)) continue;
    std::ranges::replace(name, '!', '/');  // sysfs has no other way to say cciss/c0d0
    devices.push_back("/dev/" + name);
  }
  std::ranges::sort(devices, [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) < 0; });
  return devices;
}

Result<BlockDevice> probe(const std::string& path) {
  const Probe probe = UEBO_TRY(open_probe(path));
  // A superblock with a wrong checksum still says whose it is: e2fsck has a copy of it elsewhere.
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE |
                                                     BLKID_SUBLKS_USAGE | BLKID_SUBLKS_BADCSUM);
  blkid_probe_enable_partitions(probe.get(), 1);
  blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_ENTRY_DETAILS);
  errno = 0;
  const int result = blkid_do_safeprobe(probe.get());
  if (result == probe_ambivalent)
    return fail(0, "probe", path, "several signatures on it; remove the stale ones with wipefs");
  if (result != probe_ok && result != probe_nothing) return fail(errno != 0 ? errno : EIO, "probe", path);
  BlockDevice device{.path = path,
                     .type = value_of(probe, "TYPE"),
                     .usage = value_of(probe, "USAGE"),
                     .label = value_of(probe, "LABEL"),
                     .uuid = value_of(probe, "UUID"),
                     .size = static_cast<std::uint64_t>(blkid_probe_get_size(probe.get())),
                     .number = blkid_probe_get_devno(probe.get()),
                     .read_only = is_read_only(blkid_probe_get_fd(probe.get()))};
  if (device.label.empty()) device.label = value_of(probe, "PART_ENTRY_NAME");
  return device;
}

bool block_device_exists(dev_t number, const std::string& sysfs) {
  return access(fmt::format("{}/dev/block/{}:{}", sysfs, major(number), minor(number)).c_str(), F_OK) == 0;
}

Result<bool> holds_data(const std::string& path) {
  const Probe probe = UEBO_TRY(open_probe(path));
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_BADCSUM);
  blkid_probe_enable_partitions(probe.get(), 1);
  errno = 0;
  const int result = blkid_do_safeprobe(probe.get());
  if (result == probe_nothing) return false;
  if (result == probe_ok || result == probe_ambivalent) return true;
  return fail(errno != 0 ? errno : EIO, "probe", path);
}

}  // namespace uebo::kernel
