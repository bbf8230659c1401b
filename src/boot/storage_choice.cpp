#include <fmt/format.h>
#include <fmt/ranges.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "uebo/boot/storage.hpp"

namespace uebo::boot {
namespace {

constexpr std::string_view kMountOptions = "noatime,nosuid,nodev";

/// A checker that was told to end, as run_program() says it.
constexpr int kTerminated = 128 + SIGTERM;

bool differs_only_in_case(const std::string& label) {
  return label != kStorageLabel && strcasecmp(label.c_str(), std::string(kStorageLabel).c_str()) == 0;
}

bool is_vfat(const kernel::BlockDevice& device) { return device.type == "vfat"; }

bool has_the_label(const kernel::BlockDevice& device) {
  return device.label == kStorageLabel || (is_vfat(device) && differs_only_in_case(device.label));
}

/// Why a device that has the label can't be used, and what to do about it; empty: it can.
std::string obstacle(const kernel::BlockDevice& device) {
  if (device.type.empty()) return fmt::format("holds no file system; `uebo format {}` makes one", device.path);
  if (device.usage == "crypto")
    return fmt::format("is encrypted ({}), which this node has no key for; it is left alone", device.type);
  if (device.usage != "filesystem") return fmt::format("holds {}, no file system; it is left alone", device.type);
  if (device.read_only)
    return "is write-protected, and BOINC has to write; it is not mounted. Take the protection off and plug it in "
           "again";
  return {};
}

}  // namespace

StorageChoice choose_storage(const std::vector<kernel::BlockDevice>& devices) {
  StorageChoice choice;
  for (const kernel::BlockDevice& device : devices) {
    if (has_the_label(device)) {
      const std::string why_not = obstacle(device);
      if (why_not.empty()) choice.candidates.push_back(device);
      if (!why_not.empty())
        choice.warnings.push_back(fmt::format("{} is labelled `{}` but {}", device.path, device.label, why_not));
    } else if (differs_only_in_case(device.label)) {
      choice.warnings.push_back(
          fmt::format("{} is labelled `{}`, which is not `{}`: it is left alone. Relabel it if it is meant",
                      device.path, device.label, kStorageLabel));
    }
  }
  std::ranges::stable_sort(choice.candidates, {}, [](const kernel::BlockDevice& candidate) {
    return std::pair(candidate.label != kStorageLabel, candidate.uuid);
  });
  if (choice.candidates.size() < 2) return choice;
  std::vector<std::string> paths;
  for (const kernel::BlockDevice& candidate : choice.candidates) paths.push_back(candidate.path);
  const bool spelt_better =
      choice.candidates.front().label == kStorageLabel && choice.candidates.back().label != kStorageLabel;
  choice.warnings.push_back(fmt::format("{} are labelled `{}`; that with {} is tried first", fmt::join(paths, ", "),
                                        kStorageLabel, spelt_better ? "the label spelt so" : "the lowest UUID"));
  return choice;
}

bool is_worth_a_warning(const Error& probing) {
  constexpr std::array quiet{ENOMEDIUM, ENXIO, ENODEV, ENOENT};
  return std::ranges::find(quiet, probing.code) == quiet.end();
}

std::string storage_options(std::string_view type, kernel::Owner boinc) {
  std::string options(kMountOptions);
  // mke2fs leaves it at going on after an error, which makes a damaged file system a ruined one.
  if (is_ext(type)) options += ",errors=remount-ro";
  // Nobody but boinc and root. BOINC itself is shown its own directory alone (`hidden` of boinc.json).
  if (type == "vfat" || type == "exfat")
    options += fmt::format(",uid={},gid={},umask=0077,{}", boinc.user, boinc.group,
                           type == "vfat" ? "utf8" : "iocharset=utf8");
  return options;
}

std::vector<std::string> checker_of(std::string_view type) {
  if (is_ext(type)) return {"/usr/sbin/e2fsck", "-p"};
  // What a power cut leaves on a vfat (a directory that has lost its clusters) makes the kernel give up writing.
  if (type == "vfat") return {"/usr/sbin/fsck.fat", "-a"};
  return {};
}

CheckResult check_result(int exit_code) {
  // e2fsck(8): 1 corrected, 2 corrected and to be rebooted (a mounted root, never ours), 4 left uncorrected, 8
  // operational error, 16 usage, 32 cancelled, 128 shared library error. Beyond: run_program()'s way to say "signal".
  if (exit_code == kTerminated || (exit_code > 0 && exit_code < 128 && (exit_code & 32) != 0))
    return CheckResult::Cancelled;
  if (exit_code < 0 || (exit_code & ~7) != 0) return CheckResult::Failed;
  if ((exit_code & 4) != 0) return CheckResult::Uncorrected;
  return exit_code == 0 ? CheckResult::Clean : CheckResult::Corrected;
}

std::optional<CheckResult> vfat_check_result(const std::vector<int>& exit_codes) {
  // Whatever a power cut was seen to leave is clean in the third.
  constexpr std::size_t most_runs = 3;
  switch (exit_codes.back()) {
    case 0:
      return exit_codes.size() == 1 ? CheckResult::Clean : CheckResult::Corrected;
    case 1:
      return exit_codes.size() < most_runs ? std::nullopt : std::optional(CheckResult::Uncorrected);
    case kTerminated:
      return CheckResult::Cancelled;
    default:
      return CheckResult::Failed;
  }
}

bool is_ext(std::string_view type) { return type == "ext2" || type == "ext3" || type == "ext4"; }

}  // namespace uebo::boot
