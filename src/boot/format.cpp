// `uebo format DEV`: makes a file system for /storage. It asks, and never touches a disk that holds anything unless it
// is told to.
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "uebo/base/file.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/storage.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/block.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kMaker = "/usr/sbin/mke2fs";

Result<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype([](char* text) { free(text); })> real(realpath(path.c_str(), nullptr));
  if (!real) return errno_error("look at", path);
  return std::string(real.get());
}

Result<kernel::BlockDevice> usable_device(const std::string& given, bool force) {
  const std::string path = UEBO_TRY(real_path(given));
  for (const auto& mount : UEBO_TRY(kernel::mounts()))
    if (mount.source == path) return fail(EBUSY, "format", path, "it is mounted on " + mount.target);
  auto device = UEBO_TRY(kernel::probe(path));
  if (!force && UEBO_TRY(kernel::holds_data(path)))
    return fail(0, "format", path,
                fmt::format("it holds data{}; --force makes an end of it",
                            device.type.empty() ? "" : fmt::format(" ({} {})", device.type, device.label)));
  return device;
}

Result<> confirm(const kernel::BlockDevice& device) {
  if (isatty(STDIN_FILENO) == 0) return fail(0, "format", device.path, "nobody to ask: --force does without");
  fmt::print("Everything on {} ({}) will be lost. Type yes to go on: ", device.path, size_text(device.size));
  std::fflush(stdout);
  std::array<char, 16> answer{};
  if (std::fgets(answer.data(), static_cast<int>(answer.size()), stdin) == nullptr || trim(answer.data()) != "yes")
    return fail(0, "format", device.path, "nothing was done");
  return {};
}

/// No program tells the kernel's listeners that a file system has appeared: this has it say "change" for the disk.
void announce(const std::string& path) {
  const std::string uevent = "/sys/class/block/" + path.substr(path.rfind('/') + 1) + "/uevent";
  if (const auto said = write_kernel_file(uevent, "change"); !said) spdlog::warn("{}", said.error().message());
}

Result<> make_file_system(const std::string& given, bool force) {
  const auto device = UEBO_TRY(usable_device(given, force));
  if (!force) UEBO_TRY(confirm(device));
  // -F: a whole disk without partitions is fine.
  const int code =
      UEBO_TRY(kernel::run_program({kMaker, "-q", "-F", "-t", "ext4", "-L", std::string(kStorageLabel), device.path}));
  if (code != 0) return fail(0, "mke2fs", device.path, fmt::format("it failed with exit code {}", code));
  spdlog::info("{} ({}) is an empty file system labelled `{}` now", device.path, size_text(device.size), kStorageLabel);
  announce(device.path);
  return {};
}

}  // namespace

int format_role(std::span<const std::string_view> arguments) {
  bool force = false;
  std::string path;
  bool understood = true;
  for (const std::string_view argument : arguments) {
    if (argument == "--force")
      force = true;
    else if (path.empty() && !argument.starts_with('-'))
      path = argument;
    else
      understood = false;
  }
  if (!understood || path.empty()) {
    spdlog::error("usage: uebo format DEVICE [--force]");
    return 2;
  }
  const auto formatted = make_file_system(path, force);
  if (formatted) return 0;
  spdlog::error("{}", formatted.error().message());
  return 1;
}

}  // namespace uebo::boot
