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

/// It would lose something with the provider, and is not down yet. A condition that others hold too is not lost. What a
/// job needs, it needs to begin: one that has ended needs nothing any more, unless it is to go itself and still has to
/// undo what it did. What is wanted is missed by nobody but who is going down, too.
bool Supervisor::holds_up(const Entry& dependent, const Entry& provider, const std::set<const Entry*>& leaving,
                          Order order) const {
  if (finished(dependent.unit)) return false;
  const bool leaves = leaving.contains(&dependent);
  const bool runs = dependent.spec.type == config::ServiceType::Daemon && !inactive(dependent.unit);
  const auto is_lost = [&](const std::string& name) {
    const bool from_this_one = name == provider.spec.name || holds(provider, name);
    return from_this_one && !need_is_met(name, leaving);
  };
  return ((runs || leaves) && std::ranges::any_of(dependent.spec.needs, is_lost)) ||
         (leaves && order == Order::NeedsAndWants && std::ranges::any_of(dependent.spec.wants, is_lost));
}

bool Supervisor::dependents_inactive(const Entry& entry, const std::set<const Entry*>& leaving, Order order) const {
  return std::ranges::none_of(entries_,
                              [&](const auto& item) { return holds_up(*item.second, entry, leaving, order); });
}

/// Wants may make a ring with needs, where everybody waits for the next: then only needs count.
Supervisor::Order Supervisor::order_of_stops(const std::set<const Entry*>& leaving) const {
  bool all_rest = true;
  for (const Entry* entry : leaving) {
    if (finished(entry->unit)) continue;
    all_rest = false;
    if (std::holds_alternative<Stopping>(entry->unit.state)) return Order::NeedsAndWants;
    if (dependents_inactive(*entry, leaving, Order::NeedsAndWants)) return Order::NeedsAndWants;
  }
  return all_rest ? Order::NeedsAndWants : Order::Needs;
}

bool Supervisor::may_still_come_up(const Entry& entry) const {
  const State& state = entry.unit.state;
  const bool given_up = std::holds_alternative<Done>(state) || std::holds_alternative<Failed>(state) ||
                        std::holds_alternative<Backoff>(state) || std::holds_alternative<CrashLoop>(state);
  return wanted(entry) && !given_up;
}

/// Not there, and nothing says that it will not come. A condition may also come from where no file says so: a DHCP
/// client's script, the kernel.
bool Supervisor::want_is_awaited(const std::string& want) const {
  if (!config::is_condition(want)) {
    const auto found = entries_.find(want);
    return found != entries_.end() && !found->second->unit.up && may_still_come_up(*found->second);
  }
  if (conditions_.is_set(want)) return false;
  bool has_provider = false;
  for (const auto& [name, entry] : entries_) {
    if (!contains(entry->spec.provides, want) && !contains(entry->spec.settles, want)) continue;
    has_provider = true;
    if (may_still_come_up(*entry)) return true;
  }
  return !has_provider;
}

std::vector<std::string> Supervisor::awaited_wants(const Entry& entry) const {
  std::vector<std::string> awaited;
  for (const auto& want : entry.spec.wants)
    if (want_is_awaited(want)) awaited.push_back(want);
  return awaited;
}

/// Of one that waits: its needs, or, once these are met, its wants.
std::vector<std::string> Supervisor::waited_for(const Entry& entry) const {
  auto needs = unmet_needs(entry, {});
  return needs.empty() ? awaited_wants(entry) : needs;
}

void Supervisor::evaluate() {
  const auto leaving = leaving_units();
  const Order order = order_of_stops(leaving);
  for (const auto& [name, entry] : entries_) evaluate_one(*entry, leaving, order);
}

void Supervisor::evaluate_one(Entry& entry, const std::set<const Entry*>& leaving, Order order) {
  if (entry.next && !entry.removing && inactive(entry.unit)) adopt(entry);
  if (entry.restarting && entry.unit.desired == Desired::Down && inactive(entry.unit)) {
    entry.restarting = false;
    push_once(entry, WantUp{});
  }
  const bool met = unmet_needs(entry, leaving).empty();
  if (met && !entry.unit.needs_met) push_once(entry, NeedsMet{});
  const bool waits = std::holds_alternative<Waiting>(entry.unit.state);
  if (met && waits && entry.unit.needs_met && awaited_wants(entry).empty()) push_once(entry, WantsMet{});
  const bool loses = !met && entry.unit.needs_met;
  const bool unwanted = !wanted(entry) && entry.unit.desired == Desired::Up;
  if (!loses && !unwanted) return;
  // Its turn comes when they are down.
  if (!inactive(entry.unit) && !dependents_inactive(entry, leaving, order)) return;
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
