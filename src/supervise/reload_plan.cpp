#include "uebo/supervise/reload_plan.hpp"

#include <algorithm>
#include <array>

namespace uebo::supervise {
namespace {

using Kind = ServiceChange::Kind;
using Follows = ServiceChange::Follows;

constexpr std::array<std::string_view, 3> kKinds{"added", "removed", "changed"};
static_assert(kKinds.size() == static_cast<std::size_t>(Kind::Changed) + 1);
constexpr std::array<std::string_view, 8> kFollows{
    "starts",          "stays off", "applies when it is asked for", "stops", "goes",
    "applies at once", "restarts",  "applies at the next start"};
static_assert(kFollows.size() == static_cast<std::size_t>(Follows::AtNextStart) + 1);

Follows after_adding(const config::ServiceSpec& spec) {
  if (config::waits_to_be_asked_for(spec)) return Follows::WhenAskedFor;
  return spec.enabled ? Follows::Starts : Follows::StaysOff;
}

/// A job is not run again for a change: what it did stands, and to do it twice is not always right.
Follows after_change(const PresentService& present, const config::ServiceSpec& next,
                     const std::vector<config::ChangedKey>& keys) {
  if (config::waits_to_be_asked_for(present.spec) && config::waits_to_be_asked_for(next)) return Follows::WhenAskedFor;
  if (present.spec.enabled != next.enabled) {
    if (next.enabled) return Follows::Starts;
    return present.active ? Follows::Stops : Follows::StaysOff;
  }
  if (present.spec.type != next.type) return next.enabled ? Follows::Restarts : Follows::StaysOff;
  config::Applies most = config::Applies::AtOnce;
  for (const config::ChangedKey& key : keys) most = std::max(most, key.applies);
  if (most == config::Applies::AtOnce) return Follows::AtOnce;
  const bool daemon = next.type == config::ServiceType::Daemon;
  const bool runs = present.wanted && (present.active || present.tries);
  return most == config::Applies::ByRestart && daemon && runs ? Follows::Restarts : Follows::AtNextStart;
}

}  // namespace

std::string_view name_of(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view name_of(Follows follows) { return kFollows[static_cast<std::size_t>(follows)]; }

std::optional<config::ServiceSpec> find_service(const std::vector<config::ServiceSpec>& services,
                                                const std::string& name) {
  if (const auto found = std::ranges::find(services, name, &config::ServiceSpec::name); found != services.end())
    return *found;
  const std::string_view templ = config::template_of(name);
  const auto found = std::ranges::find(services, templ, &config::ServiceSpec::name);
  if (templ.empty() || found == services.end()) return std::nullopt;
  return config::instantiate(*found, std::string_view(name).substr(templ.size()));
}

ReloadPlan plan_reload(const std::vector<PresentService>& present, const std::vector<config::ServiceSpec>& next,
                       const std::set<std::string>& kept) {
  ReloadPlan plan;
  std::set<std::string> known;
  for (const PresentService& service : present) {
    const std::string& name = service.spec.name;
    known.insert(name);
    const auto now = find_service(next, name);
    const bool built_in = service.spec.origins.empty() && !now;
    const bool stays = kept.contains(name) || kept.contains(std::string(config::template_of(name)));
    auto keys = now ? config::changed_keys(service.spec, *now) : std::vector<config::ChangedKey>();
    if (built_in || stays || (now && keys.empty())) {
      ++plan.unchanged;
    } else if (!now) {
      plan.changes.push_back({.name = name,
                              .kind = Kind::Removed,
                              .follows = service.active ? Follows::Stops : Follows::Goes,
                              .keys = {}});
    } else {
      const Follows follows = after_change(service, *now, keys);
      plan.changes.push_back({.name = name, .kind = Kind::Changed, .follows = follows, .keys = std::move(keys)});
    }
  }
  for (const config::ServiceSpec& spec : next)
    if (!known.contains(spec.name))
      plan.changes.push_back({.name = spec.name, .kind = Kind::Added, .follows = after_adding(spec), .keys = {}});
  std::ranges::sort(plan.changes, {}, &ServiceChange::name);
  return plan;
}

}  // namespace uebo::supervise
