#include "uebo/supervise/supervisor.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "supervisor_entry.hpp"

namespace uebo::supervise {
namespace {

double jitter() {
  // No entropy is needed, and getrandom(2) may block early in the boot.
  static std::minstd_rand generator(static_cast<unsigned>(BootClock::now().time_since_epoch().count()));
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

Supervisor::Supervisor(event::Loop& loop, ProcessHost& processes, LogCollector& logs)
    : loop_(loop), processes_(processes), logs_(logs) {
  processes_.set_sink([this](const std::string& unit, Event event) { deliver(unit, std::move(event)); });
}

Supervisor::~Supervisor() {
  for (const auto& [name, entry] : entries_)
    if (entry->timer) loop_.cancel(*entry->timer);
  if (shutdown_timer_) loop_.cancel(*shutdown_timer_);
  if (waiting_timer_) loop_.cancel(*waiting_timer_);
}

// --- the verbs

Result<> Supervisor::add(config::ServiceSpec spec) {
  if (entries_.contains(spec.name) || templates_.contains(spec.name)) return fail(EEXIST, "add service", spec.name);
  const std::string name = spec.name;
  if (config::waits_to_be_asked_for(spec)) {
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
  if (found == entries_.end() || found->second->removing) return fail(ENOENT, "service", name, "no such service");
  return found->second.get();
}

Result<Supervisor::Entry*> Supervisor::find_or_instantiate(const std::string& name) {
  const std::string templ(config::template_of(name));
  if (entries_.contains(name) || templ.empty() || templ == name) return find(name);
  if (const auto own = templates_.find(name); own != templates_.end()) {
    config::ServiceSpec spec = own->second;
    spec.on_demand = false;
    templates_.erase(own);
    UEBO_TRY(add(std::move(spec)));
    return find(name);
  }
  const auto found = templates_.find(templ);
  if (found == templates_.end()) return find(name);
  UEBO_TRY(add(config::instantiate(found->second, name.substr(templ.size()))));
  return find(name);
}

Result<> Supervisor::start(const std::string& name) {
  if (shutting_down_) return fail(ESHUTDOWN, "start", name);
  Entry& entry = *UEBO_TRY(find_or_instantiate(name));
  entry.wanted = true;
  deliver(name, WantUp{});
  return {};
}

Result<> Supervisor::start_if_enabled(const std::string& name) {
  const Entry& entry = *UEBO_TRY(find_or_instantiate(name));
  return entry.spec.enabled ? start(name) : Result<>();
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

void Supervisor::set_condition(const std::string& condition, const std::string& holder, const std::string& detail,
                               const std::string& by) {
  const bool added = conditions_.set(condition, holder, detail, loop_.now(), by);
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
  shutdown_timer_ = loop_.at(loop_.now() + deadline, [this] {
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
  forget_removed();
  if (listener_) listener_();
  if (shutting_down_) check_shutdown();
}

void Supervisor::handle(Entry& entry, const Event& event) {
  if (const auto* exited = std::get_if<Exited>(&event); exited && exited->process != Process::Main) {
    if (!exited->reason.success()) spdlog::warn("{}: {}", entry.spec.name, exited->reason.text());
  }
  if (const auto* notified = std::get_if<Notified>(&event); notified && notified->message.status)
    entry.status_text = *notified->message.status;
  const State before = entry.unit.state;
  const auto exits_before = entry.unit.exits;
  const auto actions = step(entry.unit, event, Moment{.now = loop_.now(), .jitter = jitter()});
  if (before.index() != entry.unit.state.index()) {
    ++changes_of_units_;
    report(entry, before);
  }
  if (entry.unit.exits != exits_before) note_failure(entry, before);
  for (const Action action : actions) perform(entry, action);
  if (before.index() != entry.unit.state.index() && std::holds_alternative<Starting>(entry.unit.state))
    note_start(entry);
  note_first_times(entry);
  if (inactive(entry.unit)) processes_.release(entry.spec);
  arm_deadline(entry);
  note_waiting(entry);
}

/// After the actions: one of them may still have spoken of the run before.
void Supervisor::note_start(Entry& entry) {
  ServiceLog* log = logs_.find(entry.spec.name);
  entry.run_started = loop_.now();
  entry.lines_before_run = log ? log->lines() : 0;
  if (log) log->begin_run();
  entry.status_text.clear();
  if (!entry.first_started) entry.first_started = entry.run_started;
}

void Supervisor::note_first_times(Entry& entry) const {
  if (entry.unit.desired == Desired::Up) entry.first_wanted = entry.first_wanted.value_or(loop_.now());
  // Not now: what it has provided is up since, and what that has brought about took its time.
  if (const auto since = running_since(entry.unit)) entry.first_running = entry.first_running.value_or(*since);
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
    case Action::AskForExit:
      return processes_.ask_for_exit(entry.spec);
    case Action::AnnounceUp:
      if (!entry.first_up) entry.first_up = loop_.now();
      for (const auto& condition : entry.spec.provides) set_condition(condition, name, last_line(entry));
      return;
    case Action::AnnounceDown:
      for (const auto& condition : entry.spec.provides) clear_condition(condition, name);
      return;
    case Action::AnnounceSettled:
      if (!entry.first_up) entry.first_up = loop_.now();
      for (const auto& condition : entry.spec.settles) set_condition(condition, name, "");
      return;
    case Action::ReportRun:
      return report_run(entry);
    case Action::ReportStuck:
      return spdlog::error("{}: something survived SIGKILL (a task in state D?); going on without it", name);
    case Action::ReportWants:
      return spdlog::warn("{}: starts without {}: not there after {} s", name, fmt::join(entry.spec.wants, ", "),
                          kLongestWant.count());
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

}  // namespace uebo::supervise
