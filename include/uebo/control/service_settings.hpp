// Which services are enabled or disabled for good. The command keeps it, as root, in /storage/services/NAME.json
// ({"enabled": false}); PID 1 never opens a path there, the storage job reads it at the next boot and tells PID 1.
#pragma once

#include <string>

#include "uebo/base/result.hpp"

namespace uebo::control {

struct SettingsPlaces {
  std::string services;  // the services' own files: what counts where nothing is kept
  std::string storage;   // kept in `storage`/services/
  std::string disabled;  // markers for this boot alone
  bool storage_mounted = false;
};

struct Kept {
  std::string path;
  bool for_good = false;
  std::string warning;  // why it is not for good, where it could have been
};

/// Notes what is wanted. Other keys of an existing file stay; a file that says nothing any more is removed; one that is
/// no JSON object is left alone. Where nothing can be kept in /storage, the marker is all there is.
[[nodiscard]] Result<Kept> keep_enabled(const SettingsPlaces& places, const std::string& service, bool enabled);

}  // namespace uebo::control
