#include "uebo/supervise/unit.hpp"

#include <algorithm>
#include <array>

namespace uebo::supervise {
namespace {

using config::RestartPolicy;
using config::ServiceType;

constexpr std::array<std::string_view, 9> kStateNames{"stopped", "waiting",    "starting", "running", "stopping",
                                                      "backoff", "crash-loop", "done",     "failed"};
static_assert(kStateNames.size() == std::variant_size_v<State>);

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

/// One step in the making: the unit, the time, and the actions gathered so far.
class Step {
 public:
  Step(Unit& unit, const Moment& moment) : unit_(unit), moment_(moment) {}

  std::vector<Action> take(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
    return std::move(actions_);
  }

 private:
  template <class S>
  S* in() {
    return std::get_if<S>(&unit_.state);
  }
  bool is_job() const { return unit_.policy.type == ServiceType::Job; }
  void act(Action action) { actions_.push_back(action); }
  TimePoint after(Duration delay) const { return moment_.now + delay; }

  std::optional<TimePoint> run_deadline() const {
    if (!unit_.policy.deadline) return std::nullopt;
    return after(*unit_.policy.deadline);
  }

  void set_up(bool up) {
    if (unit_.up == up) return;
    unit_.up = up;
    act(up ? Action::AnnounceUp : Action::AnnounceDown);
  }

  void settle_once() {
    if (unit_.settled) return;
    unit_.settled = true;
    act(Action::AnnounceSettled);
  }

  // --- starting

  void try_start() {
    if (!unit_.needs_met) {
      unit_.state = Waiting{};
      return;
    }
    unit_.rerun = false;
    unit_.launched_at = moment_.now;
    if (unit_.policy.prepares) {
      unit_.state = Starting{.stage = Starting::Stage::Preparing, .deadline = run_deadline()};
      unit_.cgroup_populated = true;
      act(Action::LaunchPrepare);
    } else {
      launch_main();
    }
  }

  void launch_main() {
    unit_.state = Starting{.stage = Starting::Stage::Launching, .deadline = run_deadline()};
    unit_.main_alive = true;
    unit_.cgroup_populated = true;
    unit_.undo = is_job() && unit_.policy.has_stop_command;
    act(Action::LaunchMain);
  }

  // --- ending

  void count_exit(const ExitReason& reason) { ++unit_.exits[static_cast<std::size_t>(reason.kind)]; }

  /// The main process is gone while the unit is being stopped. What it was stopped for may have been counted already.
  void count_stopped(const ExitReason& reason) {
    const auto* stopping = in<Stopping>();
    if (stopping && !stopping->outcome) count_exit(reason);
  }

  /// The run is over, or is not to go on: kill what is left, wait for the cgroup to be empty, then decide.
  void clean_up(std::optional<ExitReason> outcome) {
    if (!is_job()) set_up(false);
    leave_running();
    if (outcome) count_exit(*outcome);
    unit_.state =
        Stopping{.phase = Stopping::Phase::Kill, .deadline = after(kKillDeadline), .outcome = std::move(outcome)};
    // Nothing to kill: the answer would only come when the next run has begun, and be taken for that one's.
    if (unit_.main_alive || unit_.cgroup_populated) act(Action::KillCgroup);
    decide_if_empty();
  }

  /// A long run shows that the service works, whatever ended it.
  void leave_running() {
    const auto* running = in<Running>();
    if (running && !is_job() && moment_.now - running->since >= kStableRun) unit_.failures = 0;
  }

  void begin_stop() {
    set_up(false);
    leave_running();
    if (unit_.policy.has_stop_command && !is_job()) return launch_stop_command();
    unit_.state =
        Stopping{.phase = Stopping::Phase::Signal, .deadline = after(unit_.policy.stop_timeout), .outcome = {}};
    act(Action::SignalStop);
  }

  void launch_stop_command() {
    unit_.undo = false;
    unit_.state =
        Stopping{.phase = Stopping::Phase::Command, .deadline = after(unit_.policy.stop_timeout), .outcome = {}};
    unit_.cgroup_populated = true;
    act(Action::LaunchStopCommand);
  }

  /// Wanted down and nothing runs: undo what the job did, else it is over.
  void come_to_rest() {
    set_up(false);
    if (unit_.undo) return launch_stop_command();
    unit_.state = Stopped{};
  }

  void after_stop_command(Stopping& stopping) {
    if (!unit_.main_alive) return clean_up(std::nullopt);
    stopping.phase = Stopping::Phase::Signal;
    stopping.deadline = after(unit_.policy.stop_timeout);
    act(Action::SignalStop);
  }

  void decide_if_empty() {
    const auto* stopping = in<Stopping>();
    const bool killing =
        stopping && (stopping->phase == Stopping::Phase::Kill || stopping->phase == Stopping::Phase::Stuck);
    if (killing && !unit_.main_alive && !unit_.cgroup_populated) decide(stopping->outcome);
  }

  /// A copy: the state that holds the outcome is replaced here.
  void decide(const std::optional<ExitReason> outcome) {  // NOLINT(performance-unnecessary-value-param)
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

  void job_ended(const ExitReason& outcome) {
    act(Action::ReportRun);
    // Only its own word takes back what an earlier run has said: one that was killed or never began knows nothing.
    const bool stands = unit_.up && outcome.kind != ExitReason::Kind::Exited;
    set_up(outcome.success() || stands);
    settle_once();
    if (outcome.success()) unit_.failures = 0;
    if (unit_.up) {
      unit_.state = Done{};
    } else {
      if (unit_.policy.restart != RestartPolicy::Never) return back_off();
      unit_.state = Failed{outcome};
    }
    if (unit_.rerun) try_start();
  }

  void daemon_ended(const ExitReason& outcome) {
    settle_once();
    const bool again = unit_.policy.restart == RestartPolicy::Always ||
                       (unit_.policy.restart == RestartPolicy::OnFailure && !outcome.success());
    if (again)
      back_off();
    else if (outcome.success())
      unit_.state = Done{};
    else
      unit_.state = Failed{outcome};
  }

  void back_off() {
    ++unit_.failures;
    ++unit_.restarts;
    const Duration delay = backoff_delay(unit_.failures, moment_.jitter, unit_.policy.longest_backoff);
    if (delay == Duration::zero())
      try_start();
    else if (unit_.failures >= kCrashLoopFailures)
      unit_.state = CrashLoop{after(delay)};
    else
      unit_.state = Backoff{after(delay)};
  }

  // --- events

  void on(const WantUp&) {
    unit_.desired = Desired::Up;
    if (in<Stopped>() || in<Failed>() || in<Backoff>() || in<CrashLoop>() || (in<Done>() && !unit_.up)) {
      unit_.failures = 0;
      try_start();
    }
  }

  void on(const WantDown&) {
    unit_.desired = Desired::Down;
    unit_.rerun = false;
    std::visit(Overloaded{
                   [&](const Stopped&) {}, [&](const Starting&) { clean_up(std::nullopt); },
                   [&](const Running&) { begin_stop(); }, [&](const Stopping&) {},
                   [&](const auto&) { come_to_rest(); },  // Waiting, Backoff, CrashLoop, Done, Failed
               },
               State(unit_.state));
  }

  void on(const NeedsMet&) {
    unit_.needs_met = true;
    if (in<Waiting>()) try_start();
  }

  void on(const NeedsLost&) {
    unit_.needs_met = false;
    if (in<Backoff>() || in<CrashLoop>()) unit_.state = Waiting{};
    if (is_job()) return;  // what a job needs, it needs to begin
    if (in<Starting>()) clean_up(std::nullopt);
    if (in<Running>()) begin_stop();
  }

  void on(const Trigger&) {
    if (!is_job() || unit_.desired == Desired::Down) return;
    if (in<Done>() || in<Failed>() || in<Backoff>() || in<CrashLoop>())
      try_start();
    else if (!in<Waiting>())
      unit_.rerun = true;
  }

  void on(const Launched&) {
    auto* starting = in<Starting>();
    if (!starting || starting->stage != Starting::Stage::Launching) return;
    unit_.state = Running{.since = moment_.now, .deadline = is_job() ? run_deadline() : std::nullopt};
    if (!is_job()) set_up(true);
    if (unit_.policy.has_after_start) act(Action::LaunchAfterStart);
  }

  void on(const LaunchFailed& event) {
    unit_.main_alive = false;
    unit_.last_exit = event.why;
    count_stopped(event.why);
    if (in<Starting>())
      clean_up(event.why);
    else
      decide_if_empty();
  }

  void on(const Exited& event) {
    if (event.process == Process::AfterStart) return;
    if (event.process == Process::StopCommand) {
      auto* stopping = in<Stopping>();
      if (stopping && stopping->phase == Stopping::Phase::Command) after_stop_command(*stopping);
      return;
    }
    if (event.process == Process::Prepare) {
      const auto* starting = in<Starting>();
      if (!starting || starting->stage != Starting::Stage::Preparing) return;
      if (event.reason.success()) return launch_main();
      unit_.last_exit = event.reason;
      return clean_up(event.reason);
    }
    main_exited(event.reason);
  }

  void main_exited(const ExitReason& reason) {
    unit_.main_alive = false;
    unit_.last_exit = reason;
    count_stopped(reason);
    if (in<Starting>() || in<Running>()) return clean_up(reason);
    auto* stopping = in<Stopping>();
    if (!stopping) return;
    if (stopping->phase == Stopping::Phase::Signal)
      clean_up(std::nullopt);
    else
      decide_if_empty();
  }

  void on(const CgroupEmpty&) {
    unit_.cgroup_populated = false;
    decide_if_empty();
  }

  void on(const DeadlinePassed&) {
    const auto due = deadline(unit_);
    if (!due || moment_.now < *due) return;
    if (in<Backoff>() || in<CrashLoop>()) return try_start();
    if (in<Starting>() || in<Running>()) {
      const ExitReason late{.kind = ExitReason::Kind::Deadline, .value = 0, .stage = {}};
      unit_.last_exit = late;
      return clean_up(late);
    }
    if (auto* stopping = in<Stopping>()) stop_phase_over(*stopping);
  }

  void on(const Notified&) {}

  void on(const Hurry&) {
    const auto* stopping = in<Stopping>();
    const bool asked =
        stopping && (stopping->phase == Stopping::Phase::Command || stopping->phase == Stopping::Phase::Signal);
    if (asked && !is_job()) clean_up(std::nullopt);
  }

  void stop_phase_over(Stopping& stopping) {
    switch (stopping.phase) {
      case Stopping::Phase::Command:
        return after_stop_command(stopping);
      case Stopping::Phase::Signal:
        return clean_up(std::nullopt);
      case Stopping::Phase::Kill:
        stopping.phase = Stopping::Phase::Stuck;
        stopping.deadline.reset();
        if (stopping.outcome) settle_once();  // nobody is to wait for what may never end
        return act(Action::ReportStuck);
      case Stopping::Phase::Stuck:
        return;
    }
  }

  Unit& unit_;
  const Moment& moment_;
  std::vector<Action> actions_;
};

}  // namespace

Policy policy_of(const config::ServiceSpec& spec) {
  return Policy{
      .type = spec.type,
      .restart = spec.restart,
      .prepares = !spec.prepare.empty() || !spec.files.empty() || !spec.directories.empty(),
      .has_after_start = !spec.after_start.empty(),
      .has_stop_command = !spec.stop.command.empty(),
      .stop_timeout = spec.stop.timeout,
      .longest_backoff = spec.longest_backoff,
      .deadline = spec.deadline,
  };
}

std::span<const std::string_view> state_names() { return kStateNames; }

std::string_view name_of(const State& state) { return kStateNames[state.index()]; }

std::vector<Action> step(Unit& unit, const Event& event, const Moment& moment) {
  return Step(unit, moment).take(event);
}

std::optional<TimePoint> deadline(const Unit& unit) {
  return std::visit(Overloaded{
                        [](const Starting& s) { return s.deadline; },
                        [](const Running& s) { return s.deadline; },
                        [](const Stopping& s) { return s.deadline; },
                        [](const Backoff& s) { return std::optional(s.until); },
                        [](const CrashLoop& s) { return std::optional(s.until); },
                        [](const auto&) { return std::optional<TimePoint>(); },
                    },
                    unit.state);
}

bool inactive(const Unit& unit) {
  return !unit.undo && !std::holds_alternative<Starting>(unit.state) && !std::holds_alternative<Running>(unit.state) &&
         !std::holds_alternative<Stopping>(unit.state);
}

bool finished(const Unit& unit) {
  const auto* stopping = std::get_if<Stopping>(&unit.state);
  return inactive(unit) || (stopping && stopping->phase == Stopping::Phase::Stuck);
}

Duration backoff_delay(unsigned failures, double jitter, Duration longest) {
  if (failures <= 1) return Duration::zero();
  const unsigned doublings = std::min(failures - 2, 16U);
  const Duration delay = std::min<Duration>(std::chrono::seconds(1) * (1U << doublings), longest);
  return delay + std::chrono::duration_cast<Duration>(delay * (jitter / 10));
}

}  // namespace uebo::supervise
