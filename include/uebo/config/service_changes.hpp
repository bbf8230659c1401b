// What differs between two descriptions of a service, and when that counts.
#pragma once

#include <string_view>
#include <vector>

#include "uebo/config/service_spec.hpp"

namespace uebo::config {

/// AtOnce: what the supervisor looks at from time to time. AtNextStart: what is no reason to restart. ByRestart: what a
/// process is made with, or has read.
enum class Applies { AtOnce, AtNextStart, ByRestart };

struct ChangedKey {
  std::string_view name;  // of the schema: "environment"
  Applies applies = Applies::ByRestart;
  bool operator==(const ChangedKey&) const = default;
};

/// In the order of the schema. Names and origins are no keys.
[[nodiscard]] std::vector<ChangedKey> changed_keys(const ServiceSpec& before, const ServiceSpec& after);

/// The keys that cost no restart.
[[nodiscard]] std::vector<std::string_view> keys_without_restart();

}  // namespace uebo::config
