#include "uebo/supervise/supervisor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "uebo/config/conditions.hpp"

namespace uebo::supervise {
namespace {

double jitter() {
  // No entropy is needed, and getrandom(2) may block early in the boot.
  static std::minstd_rand generator(static_cast<unsigned>(BootClock::now().time_since_epoch().count()));
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct Supervisor::Entry {
  config::ServiceSpec spec;
  Unit unit;
  bool wanted = false;      // by its file and by the people who started or stopped it
  bool restarting = false;  // goes down once, then counts as wanted again
  std::optional<event::Loop::TimerId> timer;
  std::optional<TimePoint> armed_for;
  std::optional<TimePoint> first_started;
  std::optional<TimePoint> first_up;
  TimePoint run_started{};
  std::uint64_t lines_before_run = 0;
  std::string said;      // by the last run that failed, for the console
  bool repeats = false;  // the same as the one before
  std::string note;      // what others have to say about it
};

Supervisor::Supervisor(event::Loop& loop, ProcessHost& processes, LogCollector& logs)
    : loop_(loop), processes_(processes), logs_(logs) {
  processes_.set_sink([this](const std::string& unit, Event event) { deliver(unit, std::move(event)); });
}

Supervisor::~Supervisor() {
  for (const auto& [name, entry] : entries_)
    if (entry->timer) loop_.cancel(*entry->timer);
  if (shutdown_timer_) loop_.cancel(*shutdown_timer_);
}

// --- the verbs

Result<> Supervisor::add(config::ServiceSpec spec) {
  if (entries_.contains(spec.name) || templates_.contains(spec.name)) return fail(EEXIST, "add service", spec.name);
  const std::string name = spec.name;
  if (config::is_template(name)) {
    templates_.emplace(name, std::move(spec));
    return {};
  }
  auto entry = std::make_unique<Entry>();
  entry->unit.policy = policy_of(spec);
  entry->wanted = spec.enabled;
  entry->spec = std::move(spec);
  const bool wanted = entry->wanted;
  entries_.emplace(name, std::move(entry));
  if (wanted) deliver(name, WantUp{});
  return {};
}

Result<Supervisor::Entry*> Supervisor::find(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fail(ENOENT, "service", name, "no such service");
  return found->second.get();
}

Result<Supervisor::Entry*> Supervisor::find_or_instantiate(const std::string& name) {
  const auto at = name.find('@');
  if (entries_.contains(name) || at == std::string::npos || at + 1 == name.size()) return find(name);
  const auto found = templates_.find(name.substr(0, at + 1));
  if (found == templates_.end()) return find(name);
  UEBO_TRY(add(config::instantiate(found->second, name.substr(at + 1))));
  return find(name);
}

Result<> Supervisor::start(const std::string& name) {
  if (shutting_down_) return fail(ESHUTDOWN, "start", name);
  Entry& entry = *UEBO_TRY(find_or_instantiate(name));
  entry.wanted = true;
  deliver(name, WantUp{});
  return {};
}

Result<> Supervisor::stop(const std::string& name) {
  Entry& entry = *UEBO_TRY(find(name));
  entry.wanted = false;
  entry.restarting = false;
  drain();
  return {};
}

Result<> Supervisor::restart(const std::string& name) {
  if (shutting_down_) return fail(ESHUTDOWN, "restart", name);
  Entry& entry = *UEBO_TRY(find_or_instantiate(name));
  entry.wanted = true;
  if (inactive(entry.unit)) {
    // Nothing is to be stopped: a job that is done runs again, anything else starts now.
    const bool done_job = entry.unit.up && std::holds_alternative<Done>(entry.unit.state);
    deliver(name, done_job ? Event(Trigger{}) : Event(WantUp{}));
  } else {
    entry.restarting = true;
    drain();
  }
  return {};
}

Result<> Supervisor::set_enabled(const std::string& name, bool enabled) {
  Entry& entry = *UEBO_TRY(find_or_instantiate(name));
  if (entry.spec.enabled != enabled) ++changes_of_units_;
  entry.spec.enabled = enabled;
  return enabled ? start(name) : stop(name);
}

void Supervisor::trigger(const std::string& what) {
  for (const auto& [name, entry] : entries_)
    if (contains(entry->spec.triggers, what)) deliver(name, Trigger{});
}

void Supervisor::set_condition(const std::string& condition, const std::string& holder, const std::string& detail) {
  const bool added = conditions_.set(condition, holder, detail);
  if (added) trigger("condition:" + condition);
  drain();
}

void Supervisor::clear_condition(const std::string& condition, const std::string& holder) {
  conditions_.clear(condition, holder);
  drain();
}

void Supervisor::abandon(const std::string& condition) {
  for (const auto& [name, entry] : entries_)
    if (contains(entry->spec.needs, condition)) deliver(name, Hurry{});
}

Result<> Supervisor::note(const std::string& name, const std::string& text, bool stands) {
  Entry& entry = *UEBO_TRY(find(name));
  entry.note = stands ? text : "";
  spdlog::log(stands ? spdlog::level::warn : spdlog::level::info, "{}: {}", name, text);
  return {};
}

void Supervisor::shut_down(Duration deadline, std::function<void(const std::vector<std::string>&)> done) {
  if (shutting_down_) return;
  shutting_down_ = true;
  ++changes_of_units_;
  shutdown_done_ = std::move(done);
  shutdown_timer_ = loop_.at(BootClock::now() + deadline, [this] {
    for (const auto& [name, entry] : entries_)
      if (!inactive(entry->unit)) processes_.kill(entry->spec);
    shutdown_timer_.reset();
    check_shutdown();
  });
  drain();
}

// --- events

void Supervisor::deliver(const std::string& unit, Event event) {
  queue_.emplace_back(unit, std::move(event));
  drain();
}

/// Works off all events and what follows from them. Events that arrive from within queue up behind.
void Supervisor::drain() {
  if (draining_) return;
  draining_ = true;
  evaluate();
  while (!queue_.empty()) {
    const auto [name, event] = std::move(queue_.front());
    queue_.pop_front();
    if (const auto found = entries_.find(name); found != entries_.end()) handle(*found->second, event);
    evaluate();
  }
  draining_ = false;
  if (listener_) listener_();
  if (shutting_down_) check_shutdown();
}

void Supervisor::handle(Entry& entry, const Event& event) {
  if (const auto* exited = std::get_if<Exited>(&event); exited && exited->process != Process::Main) {
    if (!exited->reason.success()) spdlog::warn("{}: {}", entry.spec.name, exited->reason.text());
  }
  const State before = entry.unit.state;
  const auto actions = step(entry.unit, event, Moment{.now = BootClock::now(), .jitter = jitter()});
  if (before.index() != entry.unit.state.index()) {
    ++changes_of_units_;
    report(entry, before);
  }
  for (const Action action : actions) perform(entry, action);
  if (before.index() != entry.unit.state.index() && std::holds_alternative<Starting>(entry.unit.state))
    note_start(entry);
  if (inactive(entry.unit)) processes_.release(entry.spec);
  arm_deadline(entry);
}

/// After the actions: one of them may still have spoken of the run before.
void Supervisor::note_start(Entry& entry) {
  const ServiceLog* log = logs_.find(entry.spec.name);
  entry.run_started = BootClock::now();
  entry.lines_before_run = log ? log->lines() : 0;
  if (!entry.first_started) entry.first_started = entry.run_started;
}

void Supervisor::perform(Entry& entry, Action action) {
  const std::string& name = entry.spec.name;
  switch (action) {
    case Action::LaunchPrepare:
      return processes_.launch(entry.spec, Process::Prepare);
    case Action::LaunchMain:
      return processes_.launch(entry.spec, Process::Main);
    case Action::LaunchAfterStart:
      return processes_.launch(entry.spec, Process::AfterStart);
    case Action::LaunchStopCommand:
      return processes_.launch(entry.spec, Process::StopCommand);
    case Action::SignalStop:
      return processes_.signal_stop(entry.spec);
    case Action::KillCgroup:
      return processes_.kill(entry.spec);
    case Action::AnnounceUp:
      if (!entry.first_up) entry.first_up = BootClock::now();
      for (const auto& condition : entry.spec.provides) set_condition(condition, name, last_line(entry));
      return;
    case Action::AnnounceDown:
      for (const auto& condition : entry.spec.provides) clear_condition(condition, name);
      return;
    case Action::AnnounceSettled:
      if (!entry.first_up) entry.first_up = BootClock::now();
      for (const auto& condition : entry.spec.settles) set_condition(condition, name, "");
      return;
    case Action::ReportRun:
      return report_run(entry);
    case Action::ReportStuck:
      return spdlog::error("{}: something survived SIGKILL (a task in state D?); going on without it", name);
  }
}

void Supervisor::arm_deadline(Entry& entry) {
  const auto due = deadline(entry.unit);
  if (due == entry.armed_for) return;
  if (entry.timer) loop_.cancel(*entry.timer);
  entry.timer.reset();
  entry.armed_for = due;
  if (!due) return;
  entry.timer = loop_.at(*due, [this, &entry] {
    entry.timer.reset();
    entry.armed_for.reset();
    deliver(entry.spec.name, DeadlinePassed{});
  });
}

// --- the graph

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

// --- shutdown

void Supervisor::check_shutdown() {
  if (!shutdown_done_) return;
  std::vector<std::string> left;
  for (const auto& [name, entry] : entries_)
    if (!inactive(entry->unit)) left.push_back(name);
  const bool all_finished =
      std::ranges::all_of(entries_, [](const auto& entry) { return finished(entry.second->unit); });
  if (shutdown_timer_ && !all_finished) return;
  if (shutdown_timer_) loop_.cancel(*shutdown_timer_);
  shutdown_timer_.reset();
  std::exchange(shutdown_done_, nullptr)(left);
}

// --- what people see

std::string Supervisor::last_line(const Entry& entry) const {
  const ServiceLog* log = logs_.find(entry.spec.name);
  return log ? log->last_line() : std::string();
}

/// What the run that has just ended wrote last; nothing where it had nothing to say.
std::string Supervisor::said_in_run(const Entry& entry) const {
  const ServiceLog* log = logs_.find(entry.spec.name);
  return log && log->lines() > entry.lines_before_run ? log->last_line() : std::string();
}

/// A job speaks by the last line that it wrote. A run that was triggered and found nothing to do is silent, and so is
/// one that failed as the one before did.
void Supervisor::report_run(Entry& entry) {
  const ExitReason& reason = *entry.unit.last_exit;
  const std::string said = said_in_run(entry);
  const bool again = entry.first_up.has_value();
  const auto loud = reason.success() ? spdlog::level::info : spdlog::level::warn;
  const std::string failure = reason.success() ? std::string() : reason.text() + ": " + said;
  const std::string before = std::exchange(entry.said, failure);
  entry.repeats = !failure.empty() && failure == before;
  spdlog::log((again && said.empty()) || entry.repeats ? spdlog::level::debug : loud, "{}: {} ({:.2f} s)",
              entry.spec.name,
              !said.empty()      ? said
              : reason.success() ? "done"
                                 : reason.text(),
              seconds(BootClock::now() - entry.run_started));
}

/// One line for each change that says something.
void Supervisor::report(Entry& entry, const State& before) {
  const std::string& name = entry.spec.name;
  const Unit& unit = entry.unit;
  const bool job = unit.policy.type == config::ServiceType::Job;
  const std::string why = unit.last_exit ? unit.last_exit->text() : "";
  const auto level = [&](spdlog::level::level_enum usual) { return entry.repeats ? spdlog::level::debug : usual; };
  if (std::holds_alternative<Failed>(unit.state) && !job) {
    spdlog::error("{}: {}; it is not started again", name, why);
  } else if (std::holds_alternative<Running>(unit.state) && !job) {
    spdlog::info("{}: running", name);
  } else if (const auto* backoff = std::get_if<Backoff>(&unit.state)) {
    spdlog::log(level(spdlog::level::warn), "{}: {}; next try in {:.1f} s", name, why,
                seconds(backoff->until - BootClock::now()));
  } else if (const auto* loop = std::get_if<CrashLoop>(&unit.state)) {
    spdlog::log(level(spdlog::level::err), "{}: {}; {} failures in a row, next try in {:.1f} s", name, why,
                unit.failures, seconds(loop->until - BootClock::now()));
  } else if (std::holds_alternative<Starting>(unit.state) && unit.failures > 0) {
    spdlog::log(level(spdlog::level::warn), "{}: {}; starting it again", name, why);
  } else if (std::holds_alternative<Stopped>(unit.state) && std::holds_alternative<Stopping>(before)) {
    // A job that is undone says how that went: its log is gone when the node is down.
    const std::string said = job && !entry.spec.stop.command.empty() ? last_line(entry) : "";
    spdlog::info("{}: stopped{}{}", name, said.empty() ? "" : ": ", said);
  } else if (std::holds_alternative<Waiting>(unit.state) && std::holds_alternative<Stopping>(before)) {
    spdlog::info("{}: stopped, waits for {}", name, fmt::join(unmet_needs(entry, {}), ", "));
  }
}

std::vector<UnitStatus> Supervisor::status() const {
  std::vector<UnitStatus> all;
  for (const auto& [name, entry] : entries_) all.push_back(status_of(*entry));
  return all;
}

std::optional<UnitStatus> Supervisor::status(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  return status_of(*found->second);
}

UnitStatus Supervisor::status_of(const Entry& entry) const {
  const Unit& unit = entry.unit;
  const TimePoint now = BootClock::now();
  const auto usage = processes_.usage(entry.spec.name);
  UnitStatus status{
      .name = entry.spec.name,
      .description = entry.spec.description,
      .job = unit.policy.type == config::ServiceType::Job,
      .enabled = entry.spec.enabled,
      .wanted = entry.wanted,
      .state = name_of(unit.state),
      .detail = std::nullopt,
      .waits_for = std::holds_alternative<Waiting>(unit.state) ? unmet_needs(entry, {}) : std::vector<std::string>{},
      .main_pid = usage.main_pid,
      .memory = usage.memory,
      .memory_peak = usage.memory_peak,
      .cpu = usage.cpu,
      .oom_kills = usage.oom_kills,
      .exits = unit.exits,
      .running_for = std::nullopt,
      .next_try_in = std::nullopt,
      .restarts = unit.restarts,
      .last_exit = unit.last_exit ? std::optional(unit.last_exit->text()) : std::nullopt,
      .log_lines = 0,
      .log_dropped = 0,
      .first_started = entry.first_started,
      .first_up = entry.first_up,
      .consul = entry.spec.consul,
  };
  if (const auto* running = std::get_if<Running>(&unit.state)) status.running_for = now - running->since;
  if (const auto due = deadline(unit);
      due && (std::holds_alternative<Backoff>(unit.state) || std::holds_alternative<CrashLoop>(unit.state))) {
    status.next_try_in = *due - now;
    status.detail = status.last_exit;
  }
  if (const auto* failed = std::get_if<Failed>(&unit.state)) status.detail = failed->why.text();
  // A job that runs for longer says what it does.
  if (status.job && (unit.settled || unit.up || status.running_for)) status.detail = last_line(entry);
  if (!entry.note.empty()) status.detail = entry.note;
  if (const ServiceLog* log = logs_.find(entry.spec.name)) {
    status.log_lines = log->lines();
    status.log_dropped = log->dropped();
  }
  return status;
}

}  // namespace uebo::supervise
