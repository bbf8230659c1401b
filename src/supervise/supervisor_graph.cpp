// Which unit may run, and whose turn it is to go down.
#include <algorithm>

#include "supervisor_entry.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::supervise {

/// At shutdown those that are to go first go alone.
bool Supervisor::wanted(const Entry& entry) const {
  const bool going = shutting_down_ && (entry.spec.stop.first || first_have_stopped());
  return entry.wanted && !entry.restarting && !going;
}

bool Supervisor::first_have_stopped() const {
  return std::ranges::none_of(
      entries_, [](const auto& item) { return item.second->spec.stop.first && !finished(item.second->unit); });
}

bool Supervisor::need_is_met(const std::string& need, const std::set<const Entry*>& leaving) const {
  if (!config::is_condition(need)) {
    const auto found = entries_.find(need);
    return found != entries_.end() && found->second->unit.up && !leaving.contains(found->second.get());
  }
  const auto held = conditions_.all().find(need);
  if (held == conditions_.all().end()) return false;
  // Held by somebody who is not about to go. Holders that are no units (people, scripts) count as staying.
  return std::ranges::any_of(held->second, [&](const auto& holder) {
    const auto found = entries_.find(holder.first);
    if (found == entries_.end()) return true;
    return contains(found->second->spec.settles, need) || !leaving.contains(found->second.get());
  });
}

std::vector<std::string> Supervisor::unmet_needs(const Entry& entry, const std::set<const Entry*>& leaving) const {
  std::vector<std::string> unmet;
  for (const auto& need : entry.spec.needs)
    if (!need_is_met(need, leaving)) unmet.push_back(need);
  return unmet;
}

/// Units that are to go down though they may still be active: those that are not wanted, and daemons that need one of
/// them, and so on.
std::set<const Supervisor::Entry*> Supervisor::leaving_units() const {
  std::set<const Entry*> leaving;
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [name, entry] : entries_) {
      if (leaving.contains(entry.get())) continue;
      const bool daemon = entry->spec.type == config::ServiceType::Daemon;
      if (!wanted(*entry) || (daemon && !unmet_needs(*entry, leaving).empty())) {
        leaving.insert(entry.get());
        grown = true;
      }
    }
  }
  return leaving;
}

bool Supervisor::holds(const Entry& entry, const std::string& condition) const {
  const auto held = conditions_.all().find(condition);
  return held != conditions_.all().end() && held->second.contains(entry.spec.name);
}

/// Nothing that would lose a need with this one is active. A condition that others hold too is not lost; a job that has
/// ended needs nothing any more, unless it is to go itself and still has to undo what it did.
bool Supervisor::dependents_inactive(const Entry& entry, const std::set<const Entry*>& leaving) const {
  return std::ranges::none_of(entries_, [&](const auto& item) {
    const Entry& other = *item.second;
    if (finished(other.unit)) return false;
    // What a job needs, it needs to begin.
    const bool runs = other.spec.type == config::ServiceType::Daemon && !inactive(other.unit);
    if (!runs && !leaving.contains(&other)) return false;
    return std::ranges::any_of(other.spec.needs, [&](const auto& need) {
      const bool from_this_one = need == entry.spec.name || holds(entry, need);
      return from_this_one && !need_is_met(need, leaving);
    });
  });
}

void Supervisor::evaluate() {
  const auto leaving = leaving_units();
  for (const auto& [name, entry] : entries_) evaluate_one(*entry, leaving);
}

void Supervisor::evaluate_one(Entry& entry, const std::set<const Entry*>& leaving) {
  if (entry.next && !entry.removing && inactive(entry.unit)) adopt(entry);
  if (entry.restarting && entry.unit.desired == Desired::Down && inactive(entry.unit)) {
    entry.restarting = false;
    push_once(entry, WantUp{});
  }
  const bool met = unmet_needs(entry, leaving).empty();
  if (met && !entry.unit.needs_met) push_once(entry, NeedsMet{});
  const bool loses = !met && entry.unit.needs_met;
  const bool unwanted = !wanted(entry) && entry.unit.desired == Desired::Up;
  if (!loses && !unwanted) return;
  if (!inactive(entry.unit) && !dependents_inactive(entry, leaving)) return;  // its turn comes when they are down
  if (loses) push_once(entry, NeedsLost{});
  if (unwanted) push_once(entry, WantDown{});
}

/// The graph is looked at after each event: what it asks for may be on its way already.
void Supervisor::push_once(const Entry& entry, Event event) {
  const bool queued = std::ranges::any_of(
      queue_, [&](const auto& item) { return item.first == entry.spec.name && item.second.index() == event.index(); });
  if (!queued) queue_.emplace_back(entry.spec.name, std::move(event));
}

}  // namespace uebo::supervise
