// What each event means to a unit, whatever state it is in.
#include <algorithm>
#include <utility>

#include "unit_step.hpp"

namespace uebo::supervise {

std::vector<Action> Step::take(const Event& event) {
  std::visit([this](const auto& e) { on(e); }, event);
  return std::move(actions_);
}

/// Who gives an order does not have to wait, and begins a new count.
void Step::on(const WantUp&) {
  unit_.desired = Desired::Up;
  if (!in<Stopped>() && !in<Failed>() && !in<Backoff>() && !in<CrashLoop>() && (!in<Done>() || unit_.up)) return;
  unit_.failures = 0;
  unit_.not_before = {};
  try_start();
}

void Step::on(const WantDown&) {
  unit_.desired = Desired::Down;
  unit_.rerun = false;
  unit_.not_before = {};
  std::visit(Overloaded{
                 [&](const Stopped&) {}, [&](const Starting&) { clean_up(std::nullopt); },
                 [&](const Running&) { begin_stop(); }, [&](const Ready&) { begin_stop(); }, [&](const Stopping&) {},
                 [&](const auto&) { come_to_rest(); },  // Waiting, Backoff, CrashLoop, Done, Failed
             },
             State(unit_.state));
}

void Step::on(const NeedsMet&) {
  unit_.needs_met = true;
  if (in<Waiting>()) try_start_by_itself();
}

void Step::on(const NeedsLost&) {
  unit_.needs_met = false;
  if (in<Backoff>() || in<CrashLoop>() || in<Waiting>()) wait();
  if (is_job()) return;  // what a job needs, it needs to begin
  unit_.wants_met = false;
  if (in<Starting>()) return clean_up(std::nullopt);
  if (running_since(unit_)) begin_stop();
}

void Step::on(const WantsMet&) {
  if (!in<Waiting>()) return;
  unit_.wants_met = true;
  if (unit_.needs_met) try_start_by_itself();
}

void Step::on(const Trigger&) {
  if (!is_job() || unit_.desired == Desired::Down) return;
  const auto later = held_back();
  if (auto* done = in<Done>(); done && later) {
    done->again_at = later;
  } else if (auto* failed = in<Failed>(); failed && later) {
    failed->again_at = later;
  } else if (in<Backoff>() || in<CrashLoop>()) {
    // It may find now what it has failed for: sooner than the backoff says, but not in a flood.
    unit_.not_before = std::min(unit_.not_before, later.value_or(moment_.now));
    try_start();
  } else if (in<Done>() || in<Failed>()) {
    try_start();
  } else if (!in<Waiting>()) {
    unit_.rerun = true;
  }
}

void Step::on(const Launched&) {
  const auto* starting = in<Starting>();
  if (!starting || starting->stage != Starting::Stage::Launching) return;
  const bool said_ready = starting->ready;
  running();
  if (unit_.policy.has_after_start) act(Action::LaunchAfterStart);
  if (said_ready) announced_ready();
}

void Step::on(const LaunchFailed& event) {
  unit_.main_alive = false;
  unit_.last_exit = event.why;
  count_stopped(event.why);
  if (in<Starting>())
    clean_up(event.why);
  else
    decide_if_empty();
}

void Step::on(const Exited& event) {
  if (event.process == Process::AfterStart) return;
  if (event.process == Process::Main) return main_exited(event.reason);
  if (event.process == Process::StopCommand) {
    auto* stopping = in<Stopping>();
    if (stopping && stopping->phase == Stopping::Phase::Command) after_stop_command(*stopping);
    return;
  }
  const auto* starting = in<Starting>();
  if (!starting || starting->stage != Starting::Stage::Preparing) return;
  if (event.reason.success()) return launch_main();
  unit_.last_exit = event.reason;
  clean_up(event.reason);
}

/// A main process that is counted as alive in an empty cgroup has ended, and its exit is on its way or lost.
void Step::on(const CgroupEmpty&) {
  const bool news = std::exchange(unit_.cgroup_populated, false);
  const auto* starting = in<Starting>();
  const bool preparing = starting && starting->stage == Starting::Stage::Preparing;
  if (news && (unit_.main_alive || preparing)) act(Action::AskForExit);
  decide_if_empty();
}

void Step::on(const DeadlinePassed&) {
  const auto due = deadline(unit_);
  if (!due || moment_.now < *due) return;
  using Kind = ExitReason::Kind;
  std::visit(Overloaded{
                 [&](const Waiting&) {
                   unit_.wants_met = true;
                   act(Action::ReportWants);
                   try_start_by_itself();
                 },
                 [&](const Starting& s) {
                   const bool launching = s.stage == Starting::Stage::Launching;
                   end_late(launching && !is_job() ? Kind::StartDeadline : Kind::Deadline);
                 },
                 [&](const Running& s) {
                   const bool starved = s.watchdog && *s.watchdog <= moment_.now;
                   end_late(starved ? Kind::Watchdog : is_job() ? Kind::Deadline : Kind::StartDeadline);
                 },
                 [&](const Ready&) { end_late(Kind::Watchdog); },
                 [&](const Stopping&) { stop_phase_over(std::get<Stopping>(unit_.state)); },
                 [&](const auto&) { try_start(); },  // Backoff, CrashLoop, Done, Failed
             },
             State(unit_.state));
}

void Step::on(const Hurry&) {
  const auto* stopping = in<Stopping>();
  const bool patient = stopping && stopping->phase < Stopping::Phase::Kill;
  if (patient && !is_job()) clean_up(std::nullopt);
}

}  // namespace uebo::supervise
