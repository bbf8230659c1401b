// Which services people have enabled or disabled. The command keeps it, as root, as an overlay: in /storage/services
// for good, in a directory of /run for this boot. PID 1 never opens a path under /storage.
#pragma once

#include <string>

#include "uebo/base/result.hpp"

namespace uebo::control {

struct SettingsPlaces {
  std::string services;   // the services' own files: what counts where nothing is kept
  std::string storage;    // kept in `storage`/services/
  std::string this_boot;  // kept here where there is no storage
  bool storage_mounted = false;
};

struct Kept {
  std::string path;
  bool for_good = false;
  std::string warning;  // why it is not for good, where it could have been
};

/// Notes what is wanted. Other keys of an existing file stay; a file that says nothing any more is removed; one that is
/// no JSON object is left alone.
[[nodiscard]] Result<Kept> keep_enabled(const SettingsPlaces& places, const std::string& service, bool enabled);

}  // namespace uebo::control
