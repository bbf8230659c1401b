#include "uebo/boot/storage_disk.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <charconv>

#include "uebo/base/file.hpp"
#include "uebo/boot/storage.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/modules.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boot {
namespace {

constexpr std::string_view kDevices = "/dev/";

struct Checked {
  CheckResult result = CheckResult::Failed;
  int exit_code = 0;
};

Result<Checked> run_checker(const std::vector<std::string>& command, bool is_vfat) {
  std::vector<int> exit_codes;
  for (;;) {
    exit_codes.push_back(UEBO_TRY(kernel::run_program(command)));
    const int code = exit_codes.back();
    if (const auto result = is_vfat ? vfat_check_result(exit_codes) : check_result(code))
      return Checked{.result = *result, .exit_code = code};
  }
}

/// Whether it may be mounted. Says on the way what the check found.
Result<> check(const kernel::BlockDevice& device) {
  auto command = checker_of(device.type);
  if (command.empty()) return {};
  const std::string checker = command.front().substr(command.front().rfind('/') + 1);
  command.push_back(device.path);
  const auto checked = run_checker(command, device.type == "vfat");
  if (!checked && checked.error().code == ENOENT) {
    spdlog::warn("{} is not checked: this image has no {}", device.path, checker);
    return {};
  }
  const auto [result, exit_code] = UEBO_TRY(checked);
  switch (result) {
    case CheckResult::Clean:
      return {};
    case CheckResult::Corrected:
      spdlog::warn("{} corrected errors on {}", checker, device.path);
      return {};
    case CheckResult::Cancelled:
      return fail(ECANCELED, checker, device.path);
    case CheckResult::Uncorrected:
      return fail(0, checker, device.path,
                  fmt::format("it {}, so it is not mounted; run {} {}",
                              device.type == "vfat" ? "did not get it clean" : "found errors that need a decision",
                              checker, device.path));
    case CheckResult::Failed:
      break;
  }
  return fail(0, checker, device.path, fmt::format("it failed with exit code {}, so it is not mounted", exit_code));
}

void load_file_system(const std::string& type) {
  auto modules = kernel::Modules::open();
  if (!modules) return;
  const auto loaded = modules->load(type);
  // No module of that name: built in, or really missing, which the mount will say.
  if (!loaded && loaded.error().code != ENOENT) spdlog::warn("{}", loaded.error().message());
}

/// btrfs has numbers of its own, which say nothing of the disk.
void note_disk(dev_t number) {
  const std::string text = fmt::format("{}:{}\n", major(number), minor(number));
  if (const auto noted = replace_file(kStorageNumberFile, text, 0644); !noted)
    spdlog::warn("{}", noted.error().message());
}

std::optional<dev_t> noted_disk(const std::string& note) {
  const auto text = read_file(note, 64);
  const auto parts = text ? split(trim(*text), ":") : std::vector<std::string>();
  if (parts.size() != 2) return std::nullopt;
  unsigned numbers[2]{};
  for (const std::size_t part : {0U, 1U}) {
    const char* const end = parts[part].data() + parts[part].size();
    const auto [rest, failure] = std::from_chars(parts[part].data(), end, numbers[part]);
    if (failure != std::errc() || rest != end) return std::nullopt;
  }
  return makedev(numbers[0], numbers[1]);
}

}  // namespace

Result<> mount_disk(const kernel::BlockDevice& device) {
  // An image without BOINC has nobody to give a vfat to.
  const kernel::Owner boinc = kernel::find_owner("boinc:boinc").value_or(kernel::Owner{});
  UEBO_TRY(check(device));
  load_file_system(device.type);
  UEBO_TRY(make_directories(kStorageDirectory));
  UEBO_TRY(kernel::mount_device(device.path, kStorageDirectory, device.type, storage_options(device.type, boinc)));
  note_disk(device.number);
  return {};
}

bool is_still_there(const kernel::MountPoint& mount, const std::string& sysfs, const std::string& note) {
  if (!mount.source.starts_with(kDevices)) return true;
  if (major(mount.number) != 0) return kernel::block_device_exists(mount.number, sysfs);
  if (const auto number = noted_disk(note)) return kernel::block_device_exists(*number, sysfs);
  // Mounted by hand.
  return access((sysfs + "/class/block/" + mount.source.substr(kDevices.size())).c_str(), F_OK) == 0;
}

void forget_disk() { unlink(kStorageNumberFile); }

}  // namespace uebo::boot
