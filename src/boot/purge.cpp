#include "uebo/boot/purge.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "uebo/base/directory.hpp"
#include "uebo/base/file.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kKeptList = "/etc/uebo/kept-modules";

/// Removes one file and counts what it gave back.
Result<> remove_file(const std::string& path, Purged& purged) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0 || unlink(path.c_str()) != 0) return errno_error("remove", path);
  ++purged.removed;
  purged.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  return {};
}

/// Depth first, so that a directory is looked at after all that is in it. Returns whether it is empty now.
Result<bool> purge_below(const std::string& directory, const std::set<std::string>& keep, Purged& purged) {
  bool empty = true;
  for (const DirectoryEntry& entry : UEBO_TRY(entries_of(directory))) {
    const std::string path = directory + "/" + entry.name;
    if (entry.is_directory) {
      if (!UEBO_TRY(purge_below(path, keep, purged)))
        empty = false;
      else if (rmdir(path.c_str()) != 0)
        return errno_error("remove", path);
    } else if (is_module_index(path) || keep.contains(path)) {
      if (!is_module_index(path)) ++purged.kept;
      empty = false;
    } else {
      UEBO_TRY(remove_file(path, purged));
    }
  }
  return empty;
}

/// Names that this image has no module for are the list's business: one list serves all kernels.
Result<std::set<std::string>> files_to_keep() {
  const std::string list = UEBO_TRY(read_file(kKeptList));
  auto modules = UEBO_TRY(kernel::Modules::open());
  std::set<std::string> keep;
  for (const std::string& name : list_lines(list)) {
    const auto closure = modules.closure(name);
    if (!closure && closure.error().code != ENOENT) return std::unexpected(closure.error());
    if (!closure) continue;
    keep.merge(still_needed(*closure, [&](const std::string& module) { return modules.is_loaded(module); }));
  }
  return keep;
}

std::string modules_directory() {
  utsname name{};
  uname(&name);
  return std::string("/lib/modules/") + name.release;
}

Result<Purged> purge_now() { return purge_modules(modules_directory(), UEBO_TRY(files_to_keep())); }

}  // namespace

std::string module_name_of(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  name.resize(std::min(name.size(), name.find(".ko")));
  std::ranges::replace(name, '-', '_');
  return name;
}

bool is_module_index(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  return name.starts_with("modules.") && (name.ends_with(".bin") || name == "modules.softdep");
}

std::set<std::string> still_needed(const std::vector<std::string>& closure,
                                   const std::function<bool(const std::string& module)>& is_loaded) {
  if (std::ranges::all_of(closure, [&](const std::string& file) { return is_loaded(module_name_of(file)); })) return {};
  return {closure.begin(), closure.end()};
}

Result<Purged> purge_modules(const std::string& directory, const std::set<std::string>& keep) {
  Purged purged;
  UEBO_TRY(purge_below(directory, keep, purged));
  return purged;
}

int purge_role(std::span<const std::string_view>) {
  const auto args = config::load_kernel_args();
  if (args && args->get("uebo.modules") == "keep") {
    spdlog::info("the modules stay in memory (uebo.modules=keep)");
    return 0;
  }
  const auto purged = purge_now();
  if (!purged) {
    spdlog::error("the modules stay in memory: {}", purged.error().message());
    return 1;
  }
  spdlog::info("{} of memory is free again, {} modules are kept for what may be plugged in", size_text(purged->bytes),
               purged->kept);
  return 0;
}

}  // namespace uebo::boot
