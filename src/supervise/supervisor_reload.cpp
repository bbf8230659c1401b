// Descriptions of services that change while the services run.
#include <spdlog/spdlog.h>

#include "supervisor_entry.hpp"

namespace uebo::supervise {

using Kind = ServiceChange::Kind;
using Follows = ServiceChange::Follows;

ReloadPlan Supervisor::plan_reload(const std::vector<config::ServiceSpec>& next,
                                   const std::set<std::string>& kept) const {
  std::vector<PresentService> present;
  for (const auto& [name, entry] : entries_) {
    if (entry->removing) continue;
    const State& state = entry->unit.state;
    present.push_back({.spec = entry->next.value_or(entry->spec),
                       .active = !inactive(entry->unit),
                       .wanted = entry->wanted,
                       .tries = std::holds_alternative<Backoff>(state) || std::holds_alternative<CrashLoop>(state) ||
                                std::holds_alternative<Failed>(state)});
  }
  for (const auto& [name, spec] : templates_) present.push_back({.spec = spec});
  return supervise::plan_reload(present, next, kept);
}

Result<ReloadPlan> Supervisor::reload(const std::vector<config::ServiceSpec>& next, const std::set<std::string>& kept) {
  if (shutting_down_) return fail(ESHUTDOWN, "reload", "services", "the node is shutting down");
  ReloadPlan plan = plan_reload(next, kept);
  reload_templates(next, kept);
  for (const ServiceChange& change : plan.changes) {
    const auto entry = entries_.find(change.name);
    auto spec = find_service(next, change.name);
    if (change.kind == Kind::Added && spec) {
      if (change.follows != Follows::WhenAskedFor) add_or_queue(*spec);
    } else if (entry != entries_.end() && change.kind == Kind::Removed) {
      remove(*entry->second);
    } else if (entry != entries_.end() && spec) {
      replace(*entry->second, std::move(*spec), change.follows);
    }
  }
  // What says the same in other files: `uebo prepare` reads these.
  for (const auto& [name, entry] : entries_)
    if (const auto spec = find_service(next, name); spec && config::changed_keys(entry->spec, *spec).empty())
      entry->spec.origins = spec->origins;
  ++changes_of_units_;
  drain();
  return plan;
}

bool Supervisor::set_detail(const std::string& name, const std::string& text) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) entry->second->note = text;
  return entry != entries_.end();
}

std::vector<config::ServiceSpec> Supervisor::built_in() const {
  std::vector<config::ServiceSpec> specs;
  for (const auto& [name, entry] : entries_)
    if (entry->spec.origins.empty()) specs.push_back(entry->spec);
  return specs;
}

/// Of those with bad files the old ones stay.
void Supervisor::reload_templates(const std::vector<config::ServiceSpec>& next, const std::set<std::string>& kept) {
  std::erase_if(templates_,
                [&](const auto& item) { return !kept.contains(item.first) && !item.second.origins.empty(); });
  for (const config::ServiceSpec& spec : next) {
    if (config::waits_to_be_asked_for(spec) && !entries_.contains(spec.name)) templates_.try_emplace(spec.name, spec);
  }
}

void Supervisor::replace(Entry& entry, config::ServiceSpec spec, Follows follows) {
  const bool other_type = entry.spec.type != spec.type;
  const bool toggled = entry.spec.enabled != spec.enabled;
  spec.on_demand = false;
  entry.spec.enabled = spec.enabled;
  entry.next = std::move(spec);
  if (other_type) return remove(entry);  // which makes it anew
  const auto keys = config::changed_keys(entry.spec, *entry.next);
  const bool at_once =
      std::ranges::all_of(keys, [](const auto& key) { return key.applies == config::Applies::AtOnce; });
  if (at_once || inactive(entry.unit)) adopt(entry);
  if (toggled) entry.wanted = entry.spec.enabled;
  if (entry.wanted && (toggled || (follows == Follows::Restarts && inactive(entry.unit))))
    deliver(entry.spec.name, WantUp{});
  else if (entry.wanted && follows == Follows::Restarts)
    entry.restarting = true;
  if (!entry.wanted) entry.restarting = false;
}

void Supervisor::adopt(Entry& entry) {
  if (!(entry.spec.log == entry.next->log)) logs_.remove(entry.spec.name);  // made anew with the other bounds
  entry.spec = std::move(*entry.next);
  entry.next.reset();
  entry.unit.policy = policy_of(entry.spec);
  ++changes_of_units_;
}

void Supervisor::remove(Entry& entry) {
  entry.removing = true;
  entry.wanted = false;
  entry.restarting = false;
}

/// One that is being removed is made anew when it has gone.
void Supervisor::add_or_queue(const config::ServiceSpec& spec) {
  if (const auto leaving = entries_.find(spec.name); leaving != entries_.end())
    leaving->second->next = spec;
  else if (const auto added = add(spec); !added)
    spdlog::error("{}", added.error().message());
}

void Supervisor::forget_removed() {
  std::vector<config::ServiceSpec> again;
  std::erase_if(entries_, [&](auto& item) {
    Entry& entry = *item.second;
    if (!entry.removing || entry.unit.desired == Desired::Up || !inactive(entry.unit)) return false;
    if (entry.timer) loop_.cancel(*entry.timer);
    if (entry.next) again.push_back(std::move(*entry.next));
    processes_.release(entry.spec);
    logs_.remove(item.first);
    waiting_.end(item.first);
    ++changes_of_units_;
    spdlog::info("{}: removed", item.first);
    return true;
  });
  for (const config::ServiceSpec& spec : again) add_or_queue(spec);
}

}  // namespace uebo::supervise
