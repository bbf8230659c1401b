// A service's file and what /storage/services lays over it, with "---" alone in a line between them. Where ours finds
// no problem it says what another implementation of RFC 7386 says.
#include <nlohmann/json.hpp>

#include "../../src/config/service_files.hpp"
#include "target.hpp"
#include "uebo/config/service_changes.hpp"

using namespace uebo;

namespace {

config::ServiceFile file(const char* path, std::string_view text) {
  return {.path = path, .shown_as = path, .text = std::string(text)};
}

}  // namespace

UEBO_FUZZ_TARGET(service_overlay) {
  constexpr std::string_view between = "\n---\n";
  const auto text = fuzz::text_of(input);
  const auto middle = text.find(between);
  if (middle == std::string_view::npos) return;
  const auto below = file("/image/web.json", text.substr(0, middle));
  const auto above = file("/storage/services/web.json", text.substr(middle + between.size()));
  const auto ours = config::parse_merged({below, above}, "web").parsed;
  for (const auto& problem : ours.problems) fuzz::require(!problem.message().empty());
  if (!ours.problems.empty()) return;
  auto merged = nlohmann::json::parse(below.text, nullptr, false);
  const auto patch = nlohmann::json::parse(above.text, nullptr, false);
  fuzz::require(!merged.is_discarded() && !patch.is_discarded());
  merged.merge_patch(patch);
  const auto theirs = config::parse_merged({file("/image/web.json", merged.dump())}, "web").parsed;
  fuzz::require(theirs.problems.empty());
  fuzz::require(config::changed_keys(ours.spec, theirs.spec).empty());
}
