#include <spdlog/spdlog.h>

#include <vector>

#include "uebo/base/directory.hpp"
#include "uebo/base/file.hpp"
#include "uebo/boot/inline_steps.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/cover.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kCommandLine = "/proc/cmdline";

/// Blanks the secrets of a file that holds a command line and its end, a newline or a NUL.
std::string blanked(std::string_view content) {
  std::string_view line = content;
  while (line.ends_with('\n') || line.ends_with('\0')) line.remove_suffix(1);
  return config::blank_secrets(line).append(content.substr(line.size()));
}

/// Returns whether the file has shown a secret.
Result<bool> cover_line(const std::string& path) {
  const auto content = read_file(path);
  if (!content && content.error().code == ENOENT) return false;
  if (!content) return std::unexpected(content.error());
  const std::string harmless = blanked(*content);
  if (harmless == *content) return false;
  UEBO_TRY(kernel::cover(path, harmless, kCoverDirectory));
  return true;
}

Result<> cover_whole(const std::string& path) {
  const auto covered = kernel::cover(path, "", kCoverDirectory);
  if (!covered && covered.error().code != ENOENT) return covered;
  return {};
}

/// bootargs, and what some boot loaders put beside it.
std::vector<std::string> boot_arguments_of_device_tree(const std::string& sysfs) {
  std::vector<std::string> paths;
  const std::string chosen = sysfs + "/firmware/devicetree/base/chosen";
  const auto entries = entries_of(chosen);
  if (!entries) return paths;
  for (const DirectoryEntry& entry : *entries)
    if (entry.name.starts_with("bootargs")) paths.push_back(chosen + "/" + entry.name);
  return paths;
}

std::string without_end(std::string line) {
  while (line.ends_with('\n')) line.pop_back();
  return line;
}

}  // namespace

Result<> cover_secrets(const std::string& proc_mount, const std::string& sysfs_mount) {
  // All of them are tried; the first that could not be covered is reported.
  Result<> first;
  const auto keep = [&](const Result<>& result) {
    if (!result && first) first = result;
  };
  bool shown = false;
  std::vector<std::string> lines = boot_arguments_of_device_tree(sysfs_mount);
  lines.push_back(proc_mount + "/cmdline");
  for (const std::string& path : lines) {
    const auto covered = cover_line(path);
    if (!covered) keep(std::unexpected(covered.error()));
    shown = shown || !covered || *covered;
  }
  // What holds the same in a form of its own: the device tree as a blob, and the boot configuration. Nobody reads them.
  if (shown)
    for (const std::string& path : {sysfs_mount + "/firmware/fdt", proc_mount + "/bootconfig"}) keep(cover_whole(path));
  return first;
}

Result<> kernel_arguments() {
  const std::string line = without_end(UEBO_TRY(read_file(kCommandLine)));
  const auto args = config::KernelArgs::parse(line);
  for (const std::string& warning : args.warnings()) spdlog::warn("{}", warning);
  if (args.has_word("root"))
    spdlog::warn("root= makes the root file system a ramfs without a limit, and means nothing else here");
  const auto shell = replace_file(kShellArgumentsFile, args.shell_exports(), 0600);
  if (!shell) spdlog::warn("{}", shell.error().message());
  const auto kept = replace_file(config::kCommandLineFile, line + "\n", 0400);
  const auto covered = cover_secrets();
  return kept ? covered : kept;
}

}  // namespace uebo::boot
