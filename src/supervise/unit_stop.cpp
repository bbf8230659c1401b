// How a run of a unit ends: by itself, or because it is to, and what follows.
#include "unit_step.hpp"

namespace uebo::supervise {

using config::RestartPolicy;

void Step::count_exit(const ExitReason& reason) { ++unit_.exits[static_cast<std::size_t>(reason.kind)]; }

/// The main process is gone while the unit is being stopped. What it was stopped for may have been counted already.
void Step::count_stopped(const ExitReason& reason) {
  const auto* stopping = in<Stopping>();
  if (stopping && !stopping->outcome) count_exit(reason);
}

/// The run is over, or is not to go on: kill what is left, wait for the cgroup to be empty, then decide.
void Step::clean_up(std::optional<ExitReason> outcome) {
  if (!is_job()) set_up(false);
  leave_running();
  if (outcome) count_exit(*outcome);
  unit_.state =
      Stopping{.phase = Stopping::Phase::Kill, .deadline = after(kKillDeadline), .outcome = std::move(outcome)};
  // Nothing to kill: the answer would only come when the next run has begun, and be taken for that one's.
  if (unit_.main_alive || unit_.cgroup_populated) act(Action::KillCgroup);
  decide_if_empty();
}

void Step::end_late(ExitReason::Kind kind) {
  const ExitReason late{.kind = kind, .value = 0, .stage = {}};
  unit_.last_exit = late;
  clean_up(late);
}

/// A long run shows that the service works, whatever ended it.
void Step::leave_running() {
  if (running_since(unit_)) unit_.failures = failures_in_a_row(unit_, moment_.now);
}

void Step::begin_stop() {
  set_up(false);
  leave_running();
  if (unit_.policy.has_stop_command && !is_job()) return launch_stop_command();
  unit_.state = Stopping{.phase = Stopping::Phase::Signal, .deadline = after(unit_.policy.stop_timeout), .outcome = {}};
  act(Action::SignalStop);
}

void Step::launch_stop_command() {
  unit_.undo = false;
  unit_.state =
      Stopping{.phase = Stopping::Phase::Command, .deadline = after(unit_.policy.stop_timeout), .outcome = {}};
  unit_.cgroup_populated = true;
  act(Action::LaunchStopCommand);
}

/// Wanted down and nothing runs: undo what the job did, else it is over.
void Step::come_to_rest() {
  set_up(false);
  unit_.wants_met = false;
  if (unit_.undo) return launch_stop_command();
  unit_.state = Stopped{};
}

void Step::after_stop_command(Stopping& stopping) {
  if (!unit_.main_alive) return clean_up(std::nullopt);
  stopping.phase = Stopping::Phase::Signal;
  stopping.deadline = after(unit_.policy.stop_timeout);
  act(Action::SignalStop);
}

void Step::stop_phase_over(Stopping& stopping) {
  switch (stopping.phase) {
    case Stopping::Phase::Announced:
      return end_late(ExitReason::Kind::Deadline);
    case Stopping::Phase::Command:
      return after_stop_command(stopping);
    case Stopping::Phase::Signal:
      return clean_up(std::nullopt);
    case Stopping::Phase::Kill:
      stopping.phase = Stopping::Phase::Stuck;
      stopping.deadline = after(kKillDeadline);
      if (stopping.outcome) settle_once();  // nobody is to wait for what may never end
      act(Action::ReportStuck);
      return ask_again();
    case Stopping::Phase::Stuck:
      stopping.deadline = after(kKillDeadline);
      return ask_again();
  }
}

/// One question at a time: an answer that came after another had begun a new run would be taken for that one's.
void Step::ask_again() { act(unit_.cgroup_populated ? Action::KillCgroup : Action::AskForExit); }

void Step::main_exited(const ExitReason& reason) {
  if (!unit_.main_alive) return;  // asked for, and told already
  unit_.main_alive = false;
  auto* stopping = in<Stopping>();
  if (!stopping || !stopping->outcome) unit_.last_exit = reason;  // else what it was killed for is known
  const bool by_itself = stopping && stopping->phase == Stopping::Phase::Announced;
  if (by_itself || in<Starting>() || running_since(unit_)) return clean_up(reason);
  count_stopped(reason);
  if (!stopping) return;
  if (stopping->phase == Stopping::Phase::Signal)
    clean_up(std::nullopt);
  else
    decide_if_empty();
}

void Step::decide_if_empty() {
  const auto* stopping = in<Stopping>();
  const bool killing =
      stopping && (stopping->phase == Stopping::Phase::Kill || stopping->phase == Stopping::Phase::Stuck);
  if (killing && !unit_.main_alive && !unit_.cgroup_populated) decide(stopping->outcome);
}

/// A copy: the state that holds the outcome is replaced here.
void Step::decide(std::optional<ExitReason> outcome) {  // NOLINT(performance-unnecessary-value-param)
  if (unit_.desired == Desired::Down) {
    if (outcome) settle_once();
    come_to_rest();
  } else if (!outcome) {
    try_start();
  } else if (is_job()) {
    job_ended(*outcome);
  } else {
    daemon_ended(*outcome);
  }
}

void Step::job_ended(const ExitReason& outcome) {
  act(Action::ReportRun);
  // Only its own word takes back what an earlier run has said: one that was killed or never began knows nothing.
  const bool stands = unit_.up && outcome.kind != ExitReason::Kind::Exited;
  set_up(outcome.success() || stands);
  settle_once();
  if (outcome.success()) unit_.failures = 0;
  if (!unit_.up && unit_.policy.restart != RestartPolicy::Never) return back_off();
  const auto later = unit_.rerun ? held_back() : std::nullopt;
  if (unit_.up)
    unit_.state = Done{.again_at = later};
  else
    unit_.state = Failed{.why = outcome, .again_at = later};
  if (unit_.rerun && !later) try_start();
}

void Step::daemon_ended(const ExitReason& outcome) {
  settle_once();
  const bool again = unit_.policy.restart == RestartPolicy::Always ||
                     (unit_.policy.restart == RestartPolicy::OnFailure && !outcome.success());
  if (again)
    back_off();
  else if (outcome.success())
    unit_.state = Done{};
  else
    unit_.state = Failed{.why = outcome, .again_at = std::nullopt};
}

}  // namespace uebo::supervise
