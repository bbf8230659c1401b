#include "uebo/config/conditions.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>

namespace uebo::config {
namespace {

constexpr std::array<ConditionInfo, 5> kConditions{{
    {kStorage, "the storage is mounted on /storage"},
    {kStorageSettled, "the storage is mounted, or it is known that there is none for now"},
    {kModulesSettled, "the modules of all devices that were there at boot have been loaded"},
    {kNet, "a link has an address and a route"},
    {kClock, "the time is right (a time server said so), or has to be assumed 30 s after `net`"},
}};

}  // namespace

std::span<const ConditionInfo> conditions() { return kConditions; }

bool is_condition(std::string_view name) {
  if (std::ranges::find(kConditions, name, &ConditionInfo::name) != kConditions.end()) return true;
  if (!name.starts_with(kLinkPrefix)) return false;
  const std::string_view link = name.substr(kLinkPrefix.size());
  return !link.empty() && link.size() < IF_NAMESIZE && link.find_first_of("/: \t\n") == std::string_view::npos;
}

std::string conditions_markdown() {
  std::string text = "| condition | set while |\n|---|---|\n";
  for (const ConditionInfo& condition : kConditions)
    text += "| `" + std::string(condition.name) + "` | " + std::string(condition.meaning) + " |\n";
  return text + "| `link:INTERFACE` | that interface has a carrier |\n";
}

}  // namespace uebo::config
