#include "uebo/consul/registrar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

namespace uebo::consul {
namespace {

using config::ConsulService;
using std::chrono::duration_cast;

constexpr Duration kLeavingPause = std::chrono::milliseconds(500);
constexpr std::chrono::seconds kWatchSpread{2};  // a whole rack sees the same Consul go down
constexpr unsigned kMostDoublings = 16;
constexpr std::size_t kMostComplaints = 10;

Duration between(Duration least, Duration most, double chance) {
  return least + duration_cast<Duration>((most - least) * chance);
}

std::set<std::uint16_t> ports_of(const SeenNode& node) {
  std::set<std::uint16_t> ports;
  for (const auto& [id, service] : node.services)
    if (service.port > 0) ports.insert(service.port);
  return ports;
}

}  // namespace

Timing Timing::for_mode(Mode mode) {
  Timing timing;
  if (mode == Mode::Agent) {
    timing.refresh_least = std::chrono::seconds(12);
    timing.refresh_most = std::chrono::seconds(15);
  }
  return timing;
}

Registrar::Registrar(Self self, Mode mode, std::string where, Timing timing)
    : self_(std::move(self)), mode_(mode), where_(std::move(where)), timing_(timing) {}

// --- what is learned

void Registrar::want(std::vector<ConsulService> up, const Moment& moment) {
  std::ranges::sort(up, {}, &ConsulService::name);
  if (wanted_ == up) return;
  wanted_ = std::move(up);
  // While Consul does not answer there is nothing to hurry for.
  if (failures_ == 0 && standing_ != Standing::Refused) hurry(moment.now);
}

/// What stands under the old name goes first.
void Registrar::rename(Self self, const Moment& moment) {
  if (self_ == self) return;
  if (under_way_ && phase_ == Phase::Send) note(queue_.front());
  if (may_be_registered_)
    for (HttpRequest& request : leaving_requests()) leftovers_.push_back(std::move(request));
  may_be_registered_ = false;
  stale_ = under_way_;
  queue_.clear();
  ids_.clear();
  phase_ = Phase::Idle;
  self_ = std::move(self);
  standing_ = Standing::Unknown;
  conflict_.reset();
  hurry(moment.now);
}

void Registrar::network_changed(const Moment& moment) {
  failures_ = 0;
  hurry(moment.now + timing_.settle);
}

void Registrar::credentials_changed(const Moment& moment) {
  failures_ = 0;
  hurry(moment.now);
}

void Registrar::seen(const std::optional<SeenNode>& node, std::uint64_t index, const Moment& moment) {
  if (index == 0) return watch_failed(moment);  // somebody on the way has taken it off: each watch would end at once
  watch_failures_ = 0;
  watch_due_ = moment.now + timing_.least_pause;
  // A round that is under way has looked before this: from where it did, the next watch shows it again.
  if (phase_ != Phase::Idle) return;
  // An index that goes back is that of another catalog (developer.hashicorp.com/consul/api-docs/features/blocking).
  index_ = index < index_ ? 0 : index;
  if (standing_ == Standing::Registered && !is_as_wanted(node))
    hurry(std::max(moment.now, round_end_ + timing_.least_pause));
  if (standing_ == Standing::Refused && conflict_ && node != conflict_->other)
    hurry(std::max(moment.now, round_end_ + 5 * timing_.least_pause));
}

void Registrar::watch_failed(const Moment& moment) {
  ++watch_failures_;
  watch_due_ = moment.now + retry_delay(watch_failures_, moment.chance);
  if (phase_ == Phase::Idle && failures_ == 0)
    hurry(moment.now + duration_cast<Duration>(kWatchSpread * moment.chance));
}

void Registrar::leave(const Moment& moment) {
  if (leaving_) return;
  leaving_ = true;
  due_ = moment.now;
  if (!under_way_) begin_leaving();
}

/// A round that is under way ends first, and is followed by another one.
void Registrar::hurry(TimePoint when) {
  if (leaving_) return;
  if (phase_ == Phase::Idle)
    due_ = std::min(due_, when);
  else
    again_ = true;
}

// --- what is to be done

std::optional<Step> Registrar::next(const Moment& moment) {
  if (under_way_ || phase_ == Phase::Gone || moment.now < due_) return std::nullopt;
  under_way_ = true;
  if (phase_ == Phase::Ask) {
    conflict_->asked = moment.now;
    return AskOther{conflict_->other.address};
  }
  if (phase_ == Phase::Knock) return Knock{conflict_->other.address, ports_of(conflict_->other)};
  if (phase_ == Phase::Idle && !leftovers_.empty()) return Send{leftovers_.front()};
  if (phase_ == Phase::Idle) {
    phase_ = Phase::Inspect;
    again_ = false;
    refused_request_.clear();
    return Inspect{};
  }
  return Send{queue_.front().request};
}

std::optional<TimePoint> Registrar::due() const {
  if (under_way_ || phase_ == Phase::Gone) return std::nullopt;
  return due_;
}

std::optional<std::uint64_t> Registrar::watch_from(TimePoint now) const {
  const bool settled = phase_ == Phase::Idle && standing_ != Standing::Unknown && failures_ == 0;
  if (mode_ == Mode::Agent || leaving_ || !settled || now < watch_due_) return std::nullopt;
  return index_;
}

void Registrar::ended(const Outcome& outcome, const Moment& moment) {
  under_way_ = false;
  if (std::exchange(stale_, false)) return;
  const auto* failed = std::get_if<Failed>(&outcome);
  if (phase_ == Phase::Send && !(failed && failed->answered)) note(queue_.front());
  if (leaving_ && phase_ != Phase::Leave) return begin_leaving();
  std::visit([&](const auto& o) { on(o, moment); }, outcome);
}

void Registrar::on(const Inspected& inspected, const Moment& moment) {
  index_ = inspected.index;
  if (!inspected.address) return round_failed("this node has no address of its own towards Consul", moment);
  address_ = inspected.address;
  const auto& node = inspected.node;
  // Somebody may have blanked its meta; an ID of ours says as much.
  if (node && !node->is_ours() && (self_.id.empty() || node->id != self_.id))
    return refuse(*node,
                  fmt::format("the node {} at {} that Consul has is none of UEBO's (expected meta `uebo`): it is left "
                              "alone, and this board needs another name",
                              self_.name, node->address),
                  moment);
  if (node && is_other_board(*node)) {
    if (standing_ == Standing::Registered) may_be_registered_ = false;  // it has been taken from us
    conflict_ = Conflict{.other = *node};
    phase_ = Phase::Ask;
    due_ = moment.now;
    return;
  }
  conflict_.reset();
  if (!wanted_) {
    phase_ = Phase::Idle;
    due_ = moment.now + timing_.longest_retry;  // until want() is called
    return;
  }
  plan(node);
  phase_ = Phase::Send;
  due_ = moment.now;
  if (queue_.empty()) round_ended(moment);
}

void Registrar::on(const Sent&, const Moment& moment) {
  due_ = moment.now;
  if (phase_ == Phase::Idle) return leftovers_.pop_front();  // the round begins when all of them are done
  const Change change = std::move(queue_.front());
  queue_.pop_front();
  if (!change.adds) ids_.erase(change.service);
  if (!queue_.empty()) return;
  if (phase_ == Phase::Leave) {
    if (complaint_count_ == 0)
      lines_.push_back({Line::Level::Info, fmt::format("{} is gone from {}", self_.name, where_)});
    phase_ = Phase::Gone;
  } else {
    round_ended(moment);
  }
}

void Registrar::on(const OtherSaid& said, const Moment& moment) {
  Conflict& conflict = *conflict_;
  if (said.id == conflict.other.id)
    return refuse(SeenNode(conflict.other),
                  fmt::format("another board is {} and answers: {}, MAC {}, ID {} (this one: MAC {}); give one of them "
                              "another name",
                              self_.name, conflict.other.address, conflict.other.mac(), conflict.other.id, self_.mac),
                  moment);
  if (said.id && !said.id->empty()) return take_over(moment);  // another board has that address by now
  if (++conflict.tries < timing_.ask_tries) {
    due_ = std::max(moment.now, conflict.asked + timing_.ask_pause);
    return;
  }
  // At an address that is ours by now we would only find ourselves.
  if (conflict.other.address == address_text()) return take_over(moment);
  phase_ = Phase::Knock;
  due_ = moment.now;
}

/// Its metrics may be switched off, filtered or slow: what it has registered shows as well that it lives.
void Registrar::on(const Knocked& knocked, const Moment& moment) {
  if (!knocked.open) return take_over(moment);
  const SeenNode other = conflict_->other;
  refuse(other,
         fmt::format("another board is {}: {} (MAC {}) answers on {}, but not with its ID (this one: MAC {}); give one "
                     "of them another name, or deregister the other one",
                     self_.name, other.address, other.mac(), *knocked.open, self_.mac),
         moment);
}

void Registrar::on(const Failed& failed, const Moment& moment) {
  if (phase_ == Phase::Leave) {
    complain(failed.why);
    if (failed.answered) return on(Sent{}, moment);  // it would not be otherwise the next time
    due_ = moment.now + kLeavingPause;
    return;
  }
  if (failed.answered && phase_ == Phase::Idle) {
    complain(failed.why);
    return on(Sent{}, moment);  // a leftover that stays must not keep the new name out
  }
  if (failed.answered && phase_ == Phase::Send) {
    // One service that may not be registered is no reason to leave out the others.
    refused_request_ = failed.why;
    return on(Sent{}, moment);
  }
  round_failed(failed.why, moment);
}

// --- whose the name is

bool Registrar::is_other_board(const SeenNode& node) const {
  return !self_.id.empty() && !node.id.empty() && node.id != self_.id;
}

void Registrar::take_over(const Moment& moment) {
  const SeenNode other = std::exchange(conflict_, std::nullopt)->other;
  lines_.push_back({Line::Level::Warning,
                    fmt::format("taking over the name {} from the board at {} (MAC {}), which is not there any more",
                                self_.name, other.address, other.mac())});
  if (mode_ == Mode::Catalog) {
    plan(std::nullopt);
    queue_.push_front({.request = deregister_node_request(self_.name), .service = {}});
  } else {
    plan(other);
  }
  phase_ = Phase::Send;
  due_ = moment.now;
  if (queue_.empty()) round_ended(moment);
}

void Registrar::refuse(const SeenNode& other, const std::string& why, const Moment& moment) {
  complain(why);
  conflict_ = Conflict{.other = other};
  standing_ = Standing::Refused;
  may_be_registered_ = false;
  failures_ = 0;
  told_.clear();
  phase_ = Phase::Idle;
  round_end_ = moment.now;
  due_ = moment.now + between(timing_.refused / 2, timing_.refused, moment.chance);
}

bool Registrar::is_as_wanted(const std::optional<SeenNode>& node) const {
  if (!node || !wanted_) return false;
  const SeenNode wanted = wanted_node(mode_, self_, address_text(), *wanted_);
  const bool strangers = std::ranges::any_of(node->services, [&](const auto& item) {
    return item.second.meta.contains("node") && !wanted.services.contains(item.first);
  });
  const bool all = std::ranges::all_of(wanted.services, [&](const auto& item) {
    const auto found = node->services.find(item.first);
    return found != node->services.end() && found->second == item.second;
  });
  return all && !strangers && node->id == wanted.id && node->address == wanted.address && node->meta == wanted.meta;
}

// --- what is sent

/// What was sent counts, unless it was refused for certain.
void Registrar::note(const Change& change) {
  if (!change.adds) return;
  may_be_registered_ = true;
  if (!change.service.empty()) ids_.insert(change.service);
}

/// All that is wanted, whatever Consul has; and away with what is not, unless somebody else has put it there.
void Registrar::plan(const std::optional<SeenNode>& node) {
  queue_.clear();
  if (!wanted_) return;
  const SeenNode wanted = wanted_node(mode_, self_, address_text(), *wanted_);
  if (node)
    for (const auto& [id, service] : node->services)
      if (service.meta.contains("node") && !wanted.services.contains(id))
        queue_.push_back({.request = deregister_request(mode_, self_.name, id), .service = id});
  for (const ConsulService& service : *wanted_) {
    const std::string id = service_id(mode_, self_, service.name);
    const bool known = node && node->services.contains(id);
    plan_service(service, known ? &node->services.at(id) : nullptr, node && node->address == address_text());
  }
  if (wanted_->empty() && mode_ == Mode::Catalog)
    queue_.push_back(
        {.request = register_request(mode_, self_, address_text(), std::nullopt, false), .service = {}, .adds = true});
}

void Registrar::plan_service(const ConsulService& service, const SeenService* seen, bool same_address) {
  const std::string id = service_id(mode_, self_, service.name);
  const SeenNode alone = wanted_node(mode_, self_, address_text(), {service});
  const bool there = seen && same_address && *seen == alone.services.at(id);
  const bool pass = mode_ == Mode::Agent && there;
  queue_.push_back(
      {.request = pass ? pass_request(id) : register_request(mode_, self_, address_text(), service, !there),
       .service = id,
       .adds = true});
}

std::vector<HttpRequest> Registrar::leaving_requests() const {
  if (mode_ == Mode::Catalog) return {deregister_node_request(self_.name)};
  std::vector<HttpRequest> requests;
  for (const std::string& id : ids_) requests.push_back(deregister_request(mode_, self_.name, id));
  return requests;
}

void Registrar::begin_leaving() {
  queue_.clear();
  if (may_be_registered_) std::ranges::move(leaving_requests(), std::back_inserter(leftovers_));
  for (HttpRequest& request : std::exchange(leftovers_, {}))
    queue_.push_back({.request = std::move(request), .service = {}});
  phase_ = queue_.empty() ? Phase::Gone : Phase::Leave;
}

// --- rounds

void Registrar::round_ended(const Moment& moment) {
  if (!refused_request_.empty()) return round_failed(std::exchange(refused_request_, {}), moment);
  if (const unsigned count = std::exchange(complaint_count_, 0); count > 0)
    lines_.push_back({Line::Level::Info, fmt::format("all is well with {} again, after {} {}", where_, count,
                                                     count == 1 ? "failure" : "failures")});
  complaints_.clear();
  failures_ = 0;
  standing_ = Standing::Registered;
  phase_ = Phase::Idle;
  round_end_ = moment.now;
  due_ = std::exchange(again_, false)
             ? moment.now + timing_.settle
             : moment.now + between(timing_.refresh_least, timing_.refresh_most, moment.chance);
  tell_registered();
}

void Registrar::round_failed(const std::string& why, const Moment& moment) {
  complain(why);
  queue_.clear();
  ++failures_;
  phase_ = Phase::Idle;
  round_end_ = moment.now;
  due_ = moment.now + retry_delay(failures_, moment.chance);
}

/// Half of it is certain, the other half is chance: a rack does not come back all at once.
Duration Registrar::retry_delay(unsigned failures, double chance) const {
  const unsigned doublings = std::min(failures > 0 ? failures - 1 : 0, kMostDoublings);
  const Duration delay = std::min<Duration>(timing_.first_retry * (1U << doublings), timing_.longest_retry);
  return between(delay / 2, delay, chance);
}

// --- what is said

void Registrar::complain(const std::string& what) {
  ++complaint_count_;
  if (complaints_.size() == kMostComplaints || !complaints_.insert(what).second) return;
  lines_.push_back({Line::Level::Warning, what});
}

void Registrar::tell_registered() {
  std::vector<std::string> names;
  for (const ConsulService& service : *wanted_) names.push_back(service.name);
  std::string text = fmt::format("{} ({}) is registered at {}: {}", self_.name, address_text(), where_,
                                 names.empty() ? "no service yet" : fmt::format("{}", fmt::join(names, ", ")));
  if (text == told_) return;
  told_ = std::move(text);
  lines_.push_back({Line::Level::Info, told_});
}

}  // namespace uebo::consul
