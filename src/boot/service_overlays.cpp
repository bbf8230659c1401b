#include "uebo/boot/service_overlays.hpp"

#include <unistd.h>

#include <algorithm>

#include "uebo/config/service_spec.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boot {
namespace {

using kernel::SafeDirectory;

constexpr std::size_t kMostEntries = 1000;
constexpr mode_t kForRoot = 0600;  // as secret as the file may be that it is a copy of

Result<std::vector<std::string>> service_files(const SafeDirectory& directory) {
  auto names = UEBO_TRY(directory.names(kMostEntries));
  std::erase_if(names, [](const std::string& name) { return !config::is_service_file(name); });
  return names;
}

Result<std::string> read_trusted(const SafeDirectory& directory, const std::string& name, const std::string& path) {
  if (directory.keeps_owners()) return directory.read_own(name, config::kLargestServiceFile);
  std::string text = UEBO_TRY(directory.read(name, config::kLargestServiceFile));
  if (const std::string reason = refusal_without_owners(text); !reason.empty())
    return fail(EPERM, "trust", path, reason);
  return text;
}

Result<> copy(const SafeDirectory& directory, const std::string& name, const std::string& path,
              const SafeDirectory& target) {
  const std::string text = UEBO_TRY(read_trusted(directory, name, path));
  if (const auto there = target.read(name, config::kLargestServiceFile); there && *there == text) return {};
  return target.replace(name, text, {.user = geteuid(), .group = getegid()}, kForRoot);
}

Result<> bring(const std::string& source, const SafeDirectory& target, StagedOverlays& staged) {
  const auto directory = SafeDirectory::open(source);
  if (!directory && directory.error().code == ENOENT) return {};
  if (!directory) return std::unexpected(directory.error());
  if (directory->keeps_owners() && !directory->is_own())
    return fail(EPERM, "trust", source, "expected a directory of root that nobody else may write to");
  for (const std::string& name : UEBO_TRY(service_files(*directory))) {
    const std::string path = source + "/" + name;
    if (staged.names.size() == config::kMostOverlays) {
      staged.problems.push_back(path + ": there are more than " + std::to_string(config::kMostOverlays) +
                                " files: this one, and those behind it, do not count");
      return {};
    }
    const auto copied = copy(*directory, name, path, target);
    if (copied)
      staged.names.push_back(name);
    else
      staged.problems.push_back(copied.error().message());
  }
  return {};
}

}  // namespace

std::string refusal_without_owners(std::string_view text) {
  if (config::nothing_but_enabled(text)) return {};
  return "on this file system all belongs to boinc: expected nothing but {\"enabled\": true} or false";
}

Result<StagedOverlays> stage_service_overlays(const std::string& source, const std::string& target) {
  const auto directory = UEBO_TRY(SafeDirectory::make(target, {.user = geteuid(), .group = getegid()}, 0755));
  StagedOverlays staged;
  if (const auto brought = bring(source, directory, staged); !brought)
    staged.problems.push_back(brought.error().message());
  for (const std::string& name : UEBO_TRY(service_files(directory)))
    if (std::ranges::find(staged.names, name) == staged.names.end()) UEBO_TRY(directory.remove(name));
  return staged;
}

}  // namespace uebo::boot
