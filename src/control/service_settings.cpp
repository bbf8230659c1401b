#include "uebo/control/service_settings.hpp"

#include <unistd.h>

#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/control/json.hpp"

namespace uebo::control {
namespace {

using OrderedJson = nlohmann::ordered_json;  // people wrote it, and are to find it again as it was

constexpr const char* kEnabled = "enabled";
constexpr mode_t kMode = 0644;

/// What holds where nothing is kept. An instance has no file of its own: somebody starts it, and to be started at boot
/// it has to be enabled by name.
bool is_default(const std::string& directory, const std::string& service, bool enabled) {
  if (service.find('@') != std::string::npos && !service.ends_with('@')) return false;
  const std::string path = directory + "/" + service + ".json";
  const auto text = read_file(path, config::kLargestServiceFile);
  return enabled == (!text || config::parse_service(*text, service, path).spec.enabled);
}

Result<> remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove", path);
  return {};
}

Result<> keep_in(const std::string& directory, const std::string& path, bool enabled, bool is_the_default) {
  OrderedJson settings = OrderedJson::object();
  const auto text = read_file(path, config::kLargestServiceFile);
  if (!text && text.error().code != ENOENT) return std::unexpected(text.error());
  if (text) {
    settings = OrderedJson::parse(*text, nullptr, false);
    if (!settings.is_object()) return fail(0, "read", path, "no JSON object; mend or remove it");
  }
  settings[kEnabled] = enabled;
  if (is_the_default) settings.erase(kEnabled);
  if (settings.empty()) return remove(path);
  UEBO_TRY(make_directories(directory));
  constexpr int indent = 2;
  return replace_file(path, settings.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n", kMode);
}

}  // namespace

Result<Kept> keep_enabled(const SettingsPlaces& places, const std::string& service, bool enabled) {
  const std::string file = "/" + service + ".json";
  const std::string of_this_boot = places.this_boot + file;
  Kept kept{.path = of_this_boot, .for_good = false, .warning = {}};
  if (places.storage_mounted) {
    const std::string directory = places.storage + "/services";
    const bool by_default = is_default(places.services, service, enabled);
    const auto written = keep_in(directory, directory + file, enabled, by_default);
    if (written) {
      UEBO_TRY(remove(of_this_boot));
      return Kept{.path = directory + file, .for_good = true, .warning = {}};
    }
    kept.warning = written.error().message();
  }
  UEBO_TRY(keep_in(places.this_boot, of_this_boot, enabled, false));
  return kept;
}

}  // namespace uebo::control
