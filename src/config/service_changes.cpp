#include "uebo/config/service_changes.hpp"

#include <algorithm>
#include <array>

#include "service_schema.hpp"

namespace uebo::config {
namespace {

/// All others cost a restart, so that a new key can't be forgotten.
constexpr std::array<std::pair<std::string_view, Applies>, 13> kWithoutRestart{{
    {"description", Applies::AtOnce},
    {"enabled", Applies::AtOnce},
    {"only_with", Applies::AtOnce},
    {"needs", Applies::AtOnce},
    {"wants", Applies::AtOnce},
    {"ready_timeout", Applies::AtOnce},
    {"triggers", Applies::AtOnce},
    {"stop", Applies::AtOnce},
    {"restart", Applies::AtOnce},
    {"longest_backoff", Applies::AtOnce},
    {"deadline", Applies::AtOnce},
    {"consul", Applies::AtOnce},
    {"log", Applies::AtNextStart},
}};

}  // namespace

std::vector<std::string_view> keys_without_restart() {
  std::vector<std::string_view> names;
  for (const auto& [name, applies] : kWithoutRestart) names.push_back(name);
  return names;
}

std::vector<ChangedKey> changed_keys(const ServiceSpec& before, const ServiceSpec& after) {
  std::vector<ChangedKey> changed;
  for (const Key& key : service_keys()) {
    if (!key.same || key.same(&before, &after)) continue;
    const auto* row = std::ranges::find(kWithoutRestart, key.name, [](const auto& item) { return item.first; });
    changed.push_back({.name = key.name, .applies = row == kWithoutRestart.end() ? Applies::ByRestart : row->second});
  }
  return changed;
}

}  // namespace uebo::config
