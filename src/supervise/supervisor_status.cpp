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
