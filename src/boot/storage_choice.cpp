#include <dirent.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "uebo/base/file.hpp"
#include "uebo/boot/storage.hpp"

namespace uebo::boot {
namespace {

using Listing = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

/// None: there is nothing to be understood. An object without the key says nothing, which is fine.
std::optional<std::optional<bool>> parse_enabled(const std::string& text) {
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto enabled = object.find("enabled");
  if (enabled == object.end()) return std::optional<bool>();
  if (!enabled->is_boolean()) return std::nullopt;
  return std::optional(enabled->get<bool>());
}

}  // namespace

StorageChoice choose_storage(const std::vector<kernel::BlockDevice>& devices) {
  StorageChoice choice;
  std::vector<kernel::BlockDevice> candidates;
  for (const kernel::BlockDevice& device : devices) {
    if (device.label != kStorageLabel) continue;
    if (device.type.empty())
      choice.warnings.push_back(
          fmt::format("{0} is labelled `{1}` but holds no file system; `uebo format {0}` "
                      "makes one",
                      device.path, kStorageLabel));
    else
      candidates.push_back(device);
  }
  if (candidates.empty()) return choice;
  std::ranges::stable_sort(candidates, {}, &kernel::BlockDevice::uuid);
  choice.device = candidates.front();
  for (const kernel::BlockDevice& candidate : candidates) choice.candidates.push_back(candidate.path);
  if (candidates.size() == 1) return choice;
  choice.warnings.push_back(fmt::format("{} are labelled `{}`; the first is used, since its UUID is the lowest",
                                        fmt::join(choice.candidates, ", "), kStorageLabel));
  return choice;
}

CheckResult check_result(int exit_code) {
  // e2fsck(8): 1 corrected, 2 corrected and to be rebooted (a mounted root, never ours), 4 left uncorrected, 8
  // operational error, 16 usage, 32 cancelled, 128 shared library error. Beyond: run_program()'s way to say "signal".
  if (exit_code < 0 || (exit_code & ~7) != 0) return CheckResult::Failed;
  if ((exit_code & 4) != 0) return CheckResult::Uncorrected;
  return exit_code == 0 ? CheckResult::Clean : CheckResult::Corrected;
}

bool is_ext(std::string_view type) { return type == "ext2" || type == "ext3" || type == "ext4"; }

ServiceSettings read_service_settings(const std::string& directory) {
  ServiceSettings settings;
  const Listing listing(opendir(directory.c_str()));
  if (!listing) return settings;
  while (const dirent* entry = readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (name.starts_with('.') || !name.ends_with(".json")) continue;
    name.remove_suffix(5);
    const std::string path = directory + "/" + entry->d_name;
    const auto text = read_file(path, 4096);
    const auto understood = text ? parse_enabled(*text) : std::nullopt;
    if (understood && *understood) settings.enabled.emplace(name, **understood);
    if (!understood)
      settings.warnings.push_back(
          fmt::format("{}: {}", path, text ? "expected {\"enabled\": true} or false" : text.error().message()));
  }
  return settings;
}

}  // namespace uebo::boot
