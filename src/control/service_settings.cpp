#include "uebo/control/service_settings.hpp"

#include <unistd.h>

#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/control/json.hpp"

namespace uebo::control {
namespace {

constexpr const char* kEnabled = "enabled";

/// What the service's own file says; an instance has its template's.
bool enabled_by_default(const std::string& directory, const std::string& service) {
  const std::string name =
      service.substr(0, service.find('@') == std::string::npos ? std::string::npos : service.find('@') + 1);
  const std::string path = directory + "/" + name + ".json";
  const auto text = read_file(path);
  return !text || config::parse_service(*text, name, path).spec.enabled;
}

Result<> remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove", path);
  return {};
}

Result<> keep_in_storage(const std::string& directory, const std::string& path, bool enabled, bool is_default) {
  Json settings = Json::object();
  const auto text = read_file(path);
  if (!text && text.error().code != ENOENT) return std::unexpected(text.error());
  if (text) {
    auto parsed = parse_object(*text);
    if (!parsed) return fail(0, "read", path, "no JSON object; mend or remove it");
    settings = std::move(*parsed);
  }
  settings[kEnabled] = enabled;
  if (is_default) settings.erase(kEnabled);
  if (settings.empty()) return remove(path);
  UEBO_TRY(make_directories(directory));
  constexpr int indent = 2;
  return replace_file(path, settings.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n", 0644);
}

Result<> keep_marker(const std::string& directory, const std::string& path, bool enabled) {
  if (enabled) return remove(path);
  UEBO_TRY(make_directories(directory));
  return replace_file(path, "", 0644);
}

}  // namespace

Result<Kept> keep_enabled(const SettingsPlaces& places, const std::string& service, bool enabled) {
  const std::string marker = places.disabled + "/" + service;
  UEBO_TRY(keep_marker(places.disabled, marker, enabled));
  Kept kept{.path = marker, .for_good = false, .warning = {}};
  if (!places.storage_mounted) return kept;
  const std::string directory = places.storage + "/services";
  const std::string path = directory + "/" + service + ".json";
  const bool is_default = enabled == enabled_by_default(places.services, service);
  if (const auto written = keep_in_storage(directory, path, enabled, is_default); !written)
    kept.warning = written.error().message();
  else
    kept = {.path = path, .for_good = true, .warning = {}};
  return kept;
}

}  // namespace uebo::control
