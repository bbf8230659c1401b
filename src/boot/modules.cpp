// Modules: whatever the devices ask for by their modaliases, and the lists of the image, the site and the board.
#include "uebo/kernel/modules.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "uebo/base/file.hpp"
#include "uebo/boot/clock.hpp"
#include "uebo/boot/module_list.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/site.hpp"
#include "uebo/kernel/device_tree.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kImageList = "/etc/sysconfig/modules";
constexpr const char* kStorageList = "/storage/modules";
constexpr int kRounds = 8;  // a hub behind a hub behind ...; what comes later comes as a uevent

/// One pass over all devices. A modalias that no module is known for is the usual case.
unsigned load_for(const std::vector<std::string>& aliases, kernel::Modules& modules, std::set<std::string>& failed) {
  unsigned inserted = 0;
  for (const std::string& alias : aliases) {
    const auto loaded = modules.load(alias);
    if (loaded)
      inserted += *loaded;
    else if (loaded.error().code != ENOENT && failed.insert(alias).second)
      spdlog::info("{}", loaded.error().message());
  }
  return inserted;
}

/// Loading a bus driver brings devices with modaliases of their own: until a pass finds nothing new.
Result<unsigned> coldplug(kernel::Modules& modules) {
  std::set<std::string> failed;
  unsigned inserted = 0;
  for (int round = 0; round < kRounds; ++round) {
    const unsigned more = load_for(UEBO_TRY(kernel::device_modaliases()), modules, failed);
    inserted += more;
    if (more == 0) break;
  }
  return inserted;
}

unsigned load_image_lists(kernel::Modules& modules) {
  unsigned inserted = load_module_list(modules, kImageList);
  if (const auto site = config::load_site(); site)
    for (const std::string& line : site->modules) inserted += load_listed(modules, line, "the site's list");
  else
    spdlog::warn("{}", site.error().message());
  const auto compatible = kernel::device_tree_compatible();
  if (!compatible) return inserted;
  for (const std::string& name : *compatible) inserted += load_module_list(modules, device_list_path(name));
  return inserted;
}

/// A real-time clock's driver sets the system's clock when it is loaded, to 2000 on a flat battery.
void distrust_new_clocks() {
  if (const auto corrected = correct_clock({}); !corrected) spdlog::warn("{}", corrected.error().message());
}

}  // namespace

std::string device_list_path(const std::string& compatible) {
  std::string name = compatible;
  std::ranges::replace(name, ',', '-');
  std::ranges::replace(name, '/', '-');
  return "/etc/devices/" + name;
}

unsigned load_listed(kernel::Modules& modules, const std::string& line, const std::string& origin) {
  const auto loaded = modules.load(line);
  if (loaded) return *loaded;
  if (loaded.error().code == ENOENT)
    spdlog::warn("{} of {} is not in this image", line, origin);
  else
    spdlog::warn("{} of {}: {}", line, origin, loaded.error().message());
  return 0;
}

unsigned load_module_list(kernel::Modules& modules, const std::string& path) {
  const auto text = read_file(path, 64 * 1024);
  if (!text && text.error().code != ENOENT) spdlog::warn("{}", text.error().message());
  if (!text) return 0;
  unsigned inserted = 0;
  for (const std::string& line : list_lines(*text)) inserted += load_listed(modules, line, path);
  return inserted;
}

int modules_role(std::span<const std::string_view>) {
  auto modules = kernel::Modules::open();
  if (!modules) {
    spdlog::error("{}", modules.error().message());
    return 1;
  }
  unsigned inserted = 0;
  const bool first = access(kModulesListedFile, F_OK) != 0;
  if (first) inserted += load_image_lists(*modules);
  const auto plugged = coldplug(*modules);
  if (!plugged) spdlog::warn("{}", plugged.error().message());
  inserted += plugged.value_or(0);
  if (inserted > 0) distrust_new_clocks();
  if (first) {
    if (const auto noted = replace_file(kModulesListedFile, "", 0644); !noted)
      spdlog::warn("{}", noted.error().message());
  }
  if (first || inserted > 0) spdlog::info("{} loaded", inserted);
  return 0;
}

int storage_modules_role(std::span<const std::string_view>) {
  const auto mounted = kernel::find_mount(kStorageDirectory);
  if (!mounted || !*mounted || access(kStorageList, F_OK) != 0) return 0;
  auto modules = kernel::Modules::open();
  if (!modules) {
    spdlog::warn("{}", modules.error().message());
    return 0;
  }
  spdlog::info("{} loaded for {}", load_module_list(*modules, kStorageList), kStorageList);
  return 0;
}

}  // namespace uebo::boot
