// Names of conditions: facts about the node that services and boot jobs can need. A condition is set or not, and
// carries a short detail for people ("eth0 10.0.2.15/24"). ONE table: names, meaning, docs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace uebo::config {

struct ConditionInfo {
  std::string_view name;
  std::string_view meaning;
};

/// All fixed names: storage, storage-settled, net, clock, ... in the order in which docs list them.
[[nodiscard]] std::span<const ConditionInfo> conditions();

/// True for a fixed name and for `link:<interface>`, which is set while that interface has a carrier
/// (a template may say `link:%i`).
[[nodiscard]] bool is_condition(std::string_view name);

/// As a table in markdown, for the README.
[[nodiscard]] std::string conditions_markdown();

inline constexpr std::string_view kStorage = "storage";
inline constexpr std::string_view kStorageSettled = "storage-settled";
inline constexpr std::string_view kModulesSettled = "modules-settled";
inline constexpr std::string_view kNet = "net";
inline constexpr std::string_view kClock = "clock";
inline constexpr std::string_view kLinkPrefix = "link:";

}  // namespace uebo::config
