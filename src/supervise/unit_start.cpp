// How a unit begins a run, or waits to.
#include <algorithm>

#include "unit_step.hpp"

namespace uebo::supervise {
namespace {

/// How far ahead of one start each kStartPause a burst may be.
constexpr Duration kEarlyStarts = (kStartBurst - 1) * kStartPause;

}  // namespace

void Step::set_up(bool up) {
  if (unit_.up == up) return;
  unit_.up = up;
  act(up ? Action::AnnounceUp : Action::AnnounceDown);
}

void Step::settle_once() {
  if (unit_.settled) return;
  unit_.settled = true;
  act(Action::AnnounceSettled);
}

bool Step::may_start() const { return unit_.needs_met && (unit_.wants_met || !unit_.policy.has_wants); }

std::optional<TimePoint> Step::run_deadline() const {
  if (!unit_.policy.deadline) return std::nullopt;
  return after(*unit_.policy.deadline);
}

/// The exec of a daemon has its deadline, too: what it is done in may lie on a server that does not answer.
std::optional<TimePoint> Step::launch_deadline() const {
  if (unit_.policy.deadline || is_job()) return run_deadline();
  return after(unit_.policy.ready_timeout);
}

/// Until when the bound on starts that nobody asked for lets no more through; none: one may begin now.
std::optional<TimePoint> Step::held_back() const {
  const TimePoint next = unit_.starts_booked - kEarlyStarts;
  return next > moment_.now ? std::optional(next) : std::nullopt;
}

void Step::try_start() {
  if (!may_start()) return wait();
  if (unit_.not_before > moment_.now) return back_off_until(unit_.not_before);
  start();
}

/// For a start that a need or a trigger asks for: these may come in floods.
void Step::try_start_by_itself() {
  if (const auto next = held_back(); next && may_start()) unit_.not_before = std::max(unit_.not_before, *next);
  try_start();
}

void Step::wait() {
  const auto* waiting = in<Waiting>();
  const TimePoint since = waiting ? waiting->since : moment_.now;
  const auto deadline = unit_.needs_met ? std::optional(after(kLongestWant)) : std::nullopt;
  unit_.state = Waiting{.since = since, .deadline = deadline};
}

void Step::start() {
  unit_.starts_booked = std::clamp(unit_.starts_booked, moment_.now, after(kEarlyStarts)) + kStartPause;
  unit_.not_before = {};
  unit_.rerun = false;
  unit_.wants_met = true;
  if (!unit_.policy.prepares) return launch_main();
  unit_.state = Starting{.stage = Starting::Stage::Preparing, .deadline = run_deadline()};
  unit_.cgroup_populated = true;
  act(Action::LaunchPrepare);
}

void Step::launch_main() {
  unit_.state = Starting{.stage = Starting::Stage::Launching, .deadline = launch_deadline()};
  unit_.main_alive = true;
  unit_.cgroup_populated = true;
  unit_.undo = is_job() && unit_.policy.has_stop_command;
  unit_.watchdog = unit_.policy.watchdog;
  act(Action::LaunchMain);
}

void Step::running() {
  std::optional<TimePoint> deadline;
  if (is_job()) deadline = run_deadline();
  if (unit_.policy.tells_ready) deadline = after(unit_.policy.ready_timeout);
  unit_.state = Running{.since = moment_.now, .deadline = deadline, .watchdog = std::nullopt};
  if (is_up_once_it_runs()) {
    feed_watchdog();
    set_up(true);
  }
}

void Step::ready() {
  const TimePoint running_since = supervise::running_since(unit_).value_or(moment_.now);
  unit_.state = Ready{.running_since = running_since, .since = moment_.now, .watchdog = std::nullopt};
  feed_watchdog();
  set_up(true);
}

void Step::back_off() {
  ++unit_.failures;
  ++unit_.restarts;
  const Duration delay = backoff_delay(unit_.failures, moment_.jitter, unit_.policy.longest_backoff);
  unit_.not_before = after(delay);
  try_start();
}

void Step::back_off_until(TimePoint until) {
  unit_.not_before = until;
  if (unit_.failures >= kCrashLoopFailures)
    unit_.state = CrashLoop{.until = until, .failures = unit_.failures};
  else
    unit_.state = Backoff{.until = until, .failures = unit_.failures};
}

}  // namespace uebo::supervise
