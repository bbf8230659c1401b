// Unpacked modules lie in memory. What is loaded needs its file no more, and what no device of this board asks for
// never will; kept are the files that a disk or network adapter plugged in later may need.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::boot {

/// "usb_storage" for "/lib/modules/6.12/kernel/drivers/usb/storage/usb-storage.ko.xz".
[[nodiscard]] std::string module_name_of(const std::string& path);

/// True for what libkmod reads at run time: the binary indexes and the soft dependencies.
[[nodiscard]] bool is_module_index(const std::string& path);

/// Of the files of a module and all that it depends on, those to be kept: none when all are loaded, else all of them.
/// libkmod forgets every dependency of a module as soon as the file of one is missing, be that one loaded or not
/// (kmod_module_parse_depline() of kmod 34 looks at each).
[[nodiscard]] std::set<std::string> still_needed(const std::vector<std::string>& closure,
                                                 const std::function<bool(const std::string& module)>& is_loaded);

struct Purged {
  unsigned removed = 0;     // files
  unsigned kept = 0;        // modules, indexes not counted
  std::uint64_t bytes = 0;  // that their blocks took
};

/// Removes every file below `directory` but the indexes and those of `keep` (paths), and directories that are empty
/// then. Symbolic links are removed, not followed.
[[nodiscard]] Result<Purged> purge_modules(const std::string& directory, const std::set<std::string>& keep);

}  // namespace uebo::boot
