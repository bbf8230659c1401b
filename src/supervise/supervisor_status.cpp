// What people see of the units: their status, and one line for each change that says something.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "supervisor_entry.hpp"

namespace uebo::supervise {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string Supervisor::last_line(const Entry& entry) const {
  const ServiceLog* log = logs_.find(entry.spec.name);
  return log ? log->last_line() : std::string();
}

/// What the run that has just ended wrote last; nothing where it had nothing to say.
std::string Supervisor::said_in_run(const Entry& entry) const {
  const ServiceLog* log = logs_.find(entry.spec.name);
  return log && log->lines() > entry.lines_before_run ? log->last_line() : std::string();
}

/// What a run wrote before it failed is gone from its log as soon as later ones have written enough. One that ended
/// because it was stopped has not failed, whatever its exit code.
void Supervisor::note_failure(Entry& entry, const State& before) {
  const auto& reason = entry.unit.last_exit;
  const bool stopped =
      std::holds_alternative<Stopping>(before) &&
      (reason && (reason->kind == ExitReason::Kind::Exited || reason->kind == ExitReason::Kind::Signalled));
  if (!reason || reason->success() || stopped) return;
  const ServiceLog* log = logs_.find(entry.spec.name);
  entry.failed_run =
      FailedRun{.reason = reason->text(), .lines = log ? log->last_of_run() : std::vector<std::string>{}};
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
              seconds(loop_.now() - entry.run_started));
}

/// One line for each change that says something.
void Supervisor::report(Entry& entry, const State& before) {
  const std::string& name = entry.spec.name;
  const Unit& unit = entry.unit;
  const bool job = unit.policy.type == config::ServiceType::Job;
  const std::string why = unit.last_exit ? unit.last_exit->text() : "";
  const auto left = [&](TimePoint until) { return std::max(0.0, seconds(until - loop_.now())); };
  const auto level = [&](spdlog::level::level_enum usual) { return entry.repeats ? spdlog::level::debug : usual; };
  if (std::holds_alternative<Failed>(unit.state) && !job) {
    spdlog::error("{}: {}; it is not started again", name, why);
  } else if (std::holds_alternative<Running>(unit.state) && !job) {
    spdlog::log(unit.policy.tells_ready ? spdlog::level::debug : spdlog::level::info, "{}: running", name);
  } else if (const auto* ready = std::get_if<Ready>(&unit.state)) {
    spdlog::info("{}: ready ({:.2f} s)", name, seconds(ready->since - ready->running_since));
  } else if (const auto* stopping = std::get_if<Stopping>(&unit.state);
             stopping && stopping->phase == Stopping::Phase::Announced) {
    spdlog::info("{}: says that it stops", name);
  } else if (const auto* backoff = std::get_if<Backoff>(&unit.state)) {
    spdlog::log(level(spdlog::level::warn), "{}: {}; next try in {:.1f} s", name, why, left(backoff->until));
  } else if (const auto* loop = std::get_if<CrashLoop>(&unit.state)) {
    spdlog::log(level(spdlog::level::err), "{}: {}; {} failures in a row, next try in {:.1f} s", name, why,
                unit.failures, left(loop->until));
  } else if (std::holds_alternative<Starting>(unit.state) && unit.failures > 0) {
    spdlog::log(level(spdlog::level::warn), "{}: {}; starting it again", name, why);
  } else if (std::holds_alternative<Stopped>(unit.state) && std::holds_alternative<Stopping>(before)) {
    // A job that is undone says how that went: its log is gone when the node is down.
    const std::string said = job && !entry.spec.stop.command.empty() ? last_line(entry) : "";
    spdlog::info("{}: stopped{}{}", name, said.empty() ? "" : ": ", said);
  } else if (std::holds_alternative<Waiting>(unit.state) && std::holds_alternative<Stopping>(before)) {
    spdlog::info("{}: stopped, waits for {}", name, fmt::join(waited_for(entry), ", "));
  }
}

void Supervisor::note_waiting(const Entry& entry) {
  if (const auto* waiting = std::get_if<Waiting>(&entry.unit.state))
    waiting_.begin(entry.spec.name, waiting->since);
  else
    waiting_.end(entry.spec.name);
  arm_waiting_report();
}

void Supervisor::arm_waiting_report() {
  const auto due = waiting_.due();
  if (due == waiting_armed_for_) return;
  if (waiting_timer_) loop_.cancel(*waiting_timer_);
  waiting_timer_.reset();
  waiting_armed_for_ = due;
  if (due) waiting_timer_ = loop_.at(*due, [this] { report_waiting(); });
}

void Supervisor::report_waiting() {
  waiting_timer_.reset();
  waiting_armed_for_.reset();
  const TimePoint now = loop_.now();
  std::vector<LastingWait> waits;
  for (const std::string& name : waiting_.take(now)) {
    const Entry& entry = *entries_.at(name);
    const auto* waiting = std::get_if<Waiting>(&entry.unit.state);
    if (waiting) waits.push_back({.unit = name, .what = waited_for(entry), .lasted = now - waiting->since});
  }
  for (const std::string& line : waiting_lines(waits)) spdlog::warn("{}", line);
  arm_waiting_report();
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
  const TimePoint now = loop_.now();
  const auto usage = processes_.usage(entry.spec.name);
  UnitStatus status{
      .name = entry.spec.name,
      .description = entry.spec.description,
      .job = unit.policy.type == config::ServiceType::Job,
      .enabled = entry.spec.enabled,
      .wanted = entry.wanted,
      .state = name_of(unit.state),
      .up = unit.up,
      .detail = std::nullopt,
      .waits_for = std::holds_alternative<Waiting>(unit.state) ? waited_for(entry) : std::vector<std::string>{},
      .main_pid = usage.main_pid,
      .memory = usage.memory,
      .memory_peak = usage.memory_peak,
      .cpu = usage.cpu,
      .oom_kills = usage.oom_kills,
      .exits = unit.exits,
      .running_for = std::nullopt,
      .next_try_in = std::nullopt,
      .failures = failures_in_a_row(unit, now),
      .restarts = unit.restarts,
      .last_exit = unit.last_exit ? std::optional(unit.last_exit->text()) : std::nullopt,
      .log_lines = 0,
      .log_dropped = 0,
      .first_wanted = entry.first_wanted,
      .first_started = entry.first_started,
      .first_running = entry.first_running,
      .first_up = entry.first_up,
      .waits_on = entry.spec.needs,
      .consul = entry.spec.consul,
  };
  if (const auto since = running_since(unit)) status.running_for = now - *since;
  if (const auto* ready = std::get_if<Ready>(&unit.state)) status.ready_for = now - ready->since;
  if (const auto* waiting = std::get_if<Waiting>(&unit.state)) status.waiting_for = now - waiting->since;
  status.waits_on.insert(status.waits_on.end(), entry.spec.wants.begin(), entry.spec.wants.end());
  if (const auto due = deadline(unit);
      due && (std::holds_alternative<Backoff>(unit.state) || std::holds_alternative<CrashLoop>(unit.state))) {
    status.next_try_in = *due - now;
    status.detail = status.last_exit;
  }
  if (const auto* failed = std::get_if<Failed>(&unit.state)) status.detail = failed->why.text();
  if (const auto* stopping = std::get_if<Stopping>(&unit.state)) status.detail = text_of(stopping->phase);
  if (status.running_for && !entry.status_text.empty()) status.detail = entry.status_text;
  // A job that runs for longer says what it does.
  if (status.job && (unit.settled || unit.up || status.running_for)) status.detail = last_line(entry);
  if (!entry.note.empty()) status.detail = entry.note;
  status.failed_run = entry.failed_run;
  if (const ServiceLog* log = logs_.find(entry.spec.name)) {
    status.log_lines = log->lines();
    status.log_dropped = log->dropped();
    status.log_bytes = log->bytes();
    status.log_rotations = log->rotations();
  }
  return status;
}

}  // namespace uebo::supervise
