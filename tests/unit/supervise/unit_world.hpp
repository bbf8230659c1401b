// A unit together with the smallest world that it can live in: at most one process of each kind, descendants, and what
// the kernel has not told yet. It keeps the promises of SystemProcessHost and checks those of the state machine.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "uebo/supervise/unit.hpp"

namespace uebo::supervise::test {

using namespace std::chrono_literals;

/// Zombie: dead, not reaped. Lost: dead and reaped by somebody else, without a word.
enum class Life { None, Alive, Zombie, Lost };

/// What the world, or a person, may do next.
enum class Happening {
  WantUp,
  WantDown,
  NeedsMet,
  NeedsLost,
  Trigger,
  ExecSucceeds,
  ExecFails,
  MainEndsWell,
  MainEndsBadly,
  MainIsReaped,
  MainIsLost,
  PrepareEndsWell,
  PrepareEndsBadly,
  PrepareIsReaped,
  StopCommandEnds,
  StopCommandIsReaped,
  DescendantAppears,
  DescendantsEnd,
  CgroupTellsEmpty,
  DeadlinePasses,
  Hurry,
  WantsMet,
  SaysReady,
  SaysStopping,
  SaysExtend,
  FeedsWatchdog,
  PullsWatchdog,
};
inline constexpr int kHappenings = static_cast<int>(Happening::PullsWatchdog) + 1;

struct World {
  Unit unit;
  TimePoint now{1000s};
  Life main = Life::None;
  Life prepare = Life::None;
  Life stop_command = Life::None;
  bool main_exec_known = false;
  bool main_ended_well = false;
  bool prepare_ended_well = false;
  bool descendants = false;
  bool killed = false;        // cgroup.kill was written: whatever lives can only die
  bool run_exists = false;    // the host has a cgroup for it
  bool empty_untold = false;  // an edge of cgroup.events that was not read yet
  double jitter = 0;
  std::string broken;  // the first promise that the machine broke

  [[nodiscard]] bool populated() const {
    return main == Life::Alive || prepare == Life::Alive || stop_command == Life::Alive || descendants;
  }
  void complain(const std::string& what) {
    if (broken.empty()) broken = what;
  }

  // --- the unit's side

  void deliver(const Event& first) {
    std::deque<Event> queue{first};
    while (!queue.empty() && broken.empty()) {
      const Unit before = unit;
      const Event event = std::move(queue.front());
      queue.pop_front();
      const auto actions = step(unit, event, Moment{.now = now, .jitter = jitter});
      check_step(before, event, actions);
      for (const Action action : actions) perform(action, queue);
      if (inactive(unit)) release();
    }
    check_state();
  }

  void perform(Action action, std::deque<Event>& queue) {
    switch (action) {
      case Action::LaunchPrepare:
        fresh_run();
        prepare = Life::Alive;
        return;
      case Action::LaunchMain:
        if (main != Life::None) complain("a second main process");
        if (prepare == Life::Alive) complain("the main process starts beside its preparation");
        if (!unit.policy.prepares) fresh_run();
        main = Life::Alive;
        main_exec_known = false;
        return;
      case Action::LaunchStopCommand:
        if (stop_command == Life::Alive) complain("a second stop command");
        stop_command = Life::Alive;
        run_exists = true;
        killed = false;
        return;
      case Action::AskForExit:
        if (main == Life::Zombie || main == Life::Lost) {
          main = Life::None;
          if (!std::exchange(main_exec_known, true)) queue.emplace_back(Launched{});
          queue.emplace_back(Exited{.process = Process::Main, .reason = reason_for(main_ended_well)});
        }
        if (prepare == Life::Zombie) {
          prepare = Life::None;
          queue.emplace_back(Exited{.process = Process::Prepare, .reason = reason_for(prepare_ended_well)});
        }
        return;
      case Action::KillCgroup:
        killed = true;
        if (!populated()) queue.emplace_back(CgroupEmpty{});
        return;
      default:
        return;
    }
  }

  /// The host removes the old cgroup and makes a new one. It must be empty and its main process reaped.
  void fresh_run() {
    if (main != Life::None) complain("a run begins before the last main process is reaped");
    if (populated()) complain("a run begins while something of the last one lives");
    release();
    run_exists = true;
  }
  void release() {
    if (populated()) complain("released while something lives");
    if (main != Life::None) complain("released before the main process is reaped");
    prepare = stop_command = Life::None;
    run_exists = empty_untold = killed = false;
  }

  // --- promises

  void check_step(const Unit& before, const Event& event, const std::vector<Action>& actions) {
    const bool was_stopping = std::holds_alternative<Stopping>(before.state);
    const bool is_stopping = std::holds_alternative<Stopping>(unit.state);
    for (const Action action : actions) {
      const bool starts = action == Action::LaunchMain || action == Action::LaunchPrepare;
      if (starts && was_stopping && is_stopping) complain("something starts while the unit is stopping");
      if (starts && unit.desired == Desired::Down) complain("something starts that is not wanted");
      const bool begins = starts && !std::holds_alternative<Starting>(before.state);
      if (starts && !unit.needs_met && unit.policy.type == config::ServiceType::Daemon)
        complain("a daemon starts without its needs");
      const bool patient = std::holds_alternative<supervise::WantsMet>(event) ||
                           (std::holds_alternative<DeadlinePassed>(event) && now >= deadline(before).value_or(now));
      if (begins && unit.policy.has_wants && !before.wants_met && !patient)
        complain("it does not wait for what it wants");
      const bool ordered = std::holds_alternative<supervise::WantUp>(event);
      if (begins && before.not_before > now && !ordered && unit.policy.type == config::ServiceType::Daemon)
        complain("a start skips the backoff");
      if (action == Action::AnnounceUp && (before.up || !unit.up)) complain("up is announced wrongly");
      if (action == Action::AnnounceDown && (!before.up || unit.up)) complain("down is announced wrongly");
      if (action == Action::AnnounceSettled && before.settled) complain("settled twice");
    }
    const bool told = std::ranges::find(actions, Action::AnnounceUp) != actions.end() ||
                      std::ranges::find(actions, Action::AnnounceDown) != actions.end();
    if (before.up != unit.up && !told) complain("up changes in silence");
    if (before.settled && !unit.settled) complain("unsettled again");
  }

  void check_state() {
    const bool daemon = unit.policy.type == config::ServiceType::Daemon;
    const bool running = std::holds_alternative<Running>(unit.state);
    const bool ready = std::holds_alternative<Ready>(unit.state);
    const bool serves = unit.policy.tells_ready ? ready : running;
    if (daemon && unit.up != serves) complain("a daemon is up when it runs, or is ready, and only then");
    if (ready && !unit.policy.tells_ready) complain("ready, though nobody asked");
    if (running && unit.policy.tells_ready && !deadline(unit)) complain("has for ever to become ready");
    if ((serves || ready) && daemon && unit.watchdog && !deadline(unit)) complain("runs without its watchdog");
    if (std::holds_alternative<Stopped>(unit.state)) {
      if (unit.up) complain("stopped and up");
      if (unit.undo) complain("stopped and not undone");
      if (unit.desired == Desired::Up) complain("stopped though wanted");
    }
    if (inactive(unit) && (populated() || main != Life::None)) complain("inactive while something lives");
    if (unit.desired == Desired::Down && std::holds_alternative<Waiting>(unit.state))
      complain("waits though not wanted");
    if (const auto* waiting = std::get_if<Waiting>(&unit.state); waiting && unit.needs_met) {
      if (!unit.policy.has_wants) complain("waits though its needs are met");
      if (!waiting->deadline) complain("waits for ever for what it only wants");
    }
    if (main != Life::None && !unit.main_alive) complain("the unit has forgotten its main process");
    const auto* stopping = std::get_if<Stopping>(&unit.state);
    if (stopping && stopping->phase != Stopping::Phase::Stuck && !stopping->deadline)
      complain("stops without a deadline");
    if (const auto due = deadline(unit); due && *due < now) complain("a deadline in the past");
  }

  // --- the world's side

  [[nodiscard]] bool possible(Happening what) const {
    switch (what) {
      case Happening::WantUp:
      case Happening::WantDown:
      case Happening::Trigger:
      case Happening::Hurry:
        return true;
      case Happening::NeedsMet:
        return !unit.needs_met;
      case Happening::NeedsLost:
        return unit.needs_met;
      case Happening::ExecSucceeds:
      case Happening::ExecFails:
        return main == Life::Alive && !main_exec_known && !killed;
      case Happening::MainEndsWell:
        return main == Life::Alive && main_exec_known && !killed;
      case Happening::MainEndsBadly:
        return main == Life::Alive;
      case Happening::MainIsReaped:
      case Happening::MainIsLost:
        return main == Life::Zombie;
      case Happening::WantsMet:
        return unit.policy.has_wants;
      case Happening::SaysReady:
      case Happening::SaysStopping:
      case Happening::SaysExtend:
      case Happening::FeedsWatchdog:
      case Happening::PullsWatchdog:
        return main == Life::Alive || descendants;
      case Happening::PrepareEndsWell:
        return prepare == Life::Alive && !killed;
      case Happening::PrepareEndsBadly:
        return prepare == Life::Alive;
      case Happening::PrepareIsReaped:
        return prepare == Life::Zombie;
      case Happening::StopCommandEnds:
        return stop_command == Life::Alive;
      case Happening::StopCommandIsReaped:
        return stop_command == Life::Zombie;
      case Happening::DescendantAppears:
        return populated() && !descendants && !killed;
      case Happening::DescendantsEnd:
        return descendants;
      case Happening::CgroupTellsEmpty:
        return run_exists && empty_untold && !populated();
      case Happening::DeadlinePasses:
        return deadline(unit).has_value();
    }
    return false;
  }

  void happen(Happening what) {
    const bool was_populated = populated();
    switch (what) {
      case Happening::WantUp:
        return deliver(supervise::WantUp{});
      case Happening::WantDown:
        return deliver(supervise::WantDown{});
      case Happening::NeedsMet:
        return deliver(supervise::NeedsMet{});
      case Happening::NeedsLost:
        return deliver(supervise::NeedsLost{});
      case Happening::Trigger:
        return deliver(supervise::Trigger{});
      case Happening::ExecSucceeds:
        main_exec_known = true;
        return deliver(Launched{});
      case Happening::ExecFails:
        // Told before the child is reaped: from here on it is just something that is still in the cgroup.
        main = Life::None;
        descendants = true;
        return deliver(LaunchFailed{{.kind = ExitReason::Kind::ExecFailed, .value = ENOENT, .stage = "exec"}});
      case Happening::MainEndsWell:
        main = Life::Zombie;
        main_ended_well = true;
        break;
      case Happening::MainEndsBadly:
        main = Life::Zombie;
        main_ended_well = false;
        break;
      case Happening::MainIsReaped: {
        const bool known = std::exchange(main_exec_known, true);
        if (!known) deliver(Launched{});
        main = Life::None;
        return deliver(Exited{.process = Process::Main, .reason = reason_for(main_ended_well)});
      }
      case Happening::PrepareEndsWell:
        prepare = Life::Zombie;
        prepare_ended_well = true;
        break;
      case Happening::PrepareEndsBadly:
        prepare = Life::Zombie;
        prepare_ended_well = false;
        break;
      case Happening::PrepareIsReaped:
        prepare = Life::None;
        return deliver(Exited{.process = Process::Prepare, .reason = reason_for(prepare_ended_well)});
      case Happening::StopCommandEnds:
        stop_command = Life::Zombie;
        break;
      case Happening::StopCommandIsReaped:
        stop_command = Life::None;
        return deliver(Exited{.process = Process::StopCommand, .reason = {}});
      case Happening::DescendantAppears:
        descendants = true;
        break;
      case Happening::DescendantsEnd:
        descendants = false;
        break;
      case Happening::CgroupTellsEmpty:
        empty_untold = false;
        return deliver(CgroupEmpty{});
      case Happening::DeadlinePasses:
        now = std::max(now, *deadline(unit));
        return deliver(DeadlinePassed{});
      case Happening::Hurry:
        return deliver(supervise::Hurry{});
      case Happening::MainIsLost:
        main = Life::Lost;
        return check_state();
      case Happening::WantsMet:
        return deliver(supervise::WantsMet{});
      case Happening::SaysReady:
        return says({.ready = true});
      case Happening::SaysStopping:
        return says({.stopping = true});
      case Happening::SaysExtend:
        return says({.extend_timeout = 70s});
      case Happening::FeedsWatchdog:
        return says({.watchdog = true});
      case Happening::PullsWatchdog:
        return says({.watchdog_trigger = true});
    }
    if (was_populated && !populated()) empty_untold = true;
  }

  void says(NotifyMessage message) { deliver(Notified{std::move(message)}); }

  static ExitReason reason_for(bool well) {
    return {.kind = ExitReason::Kind::Exited, .value = well ? 0 : 1, .stage = {}};
  }

  /// The world answers: what was told to end ends, what ended is reaped and told, deadlines pass when nothing else
  /// does. True when the unit has come to `goal` before it has taken very long.
  template <class Goal>
  bool answer_until(Goal goal) {
    for (int turn = 0; turn < 60; ++turn) {
      if (goal(unit) || !broken.empty()) return broken.empty();
      happen(next_answer());
    }
    return false;
  }

  [[nodiscard]] Happening next_answer() const {
    for (const Happening what :
         {Happening::MainIsReaped, Happening::PrepareIsReaped, Happening::StopCommandIsReaped,
          Happening::CgroupTellsEmpty, Happening::StopCommandEnds, Happening::PrepareEndsWell, Happening::ExecSucceeds})
      if (possible(what)) return what;
    const bool awaited = std::holds_alternative<Running>(unit.state) && unit.policy.tells_ready;
    if (awaited && possible(Happening::SaysReady)) return Happening::SaysReady;
    if (killed && main == Life::Alive) return Happening::MainEndsBadly;
    if (killed && prepare == Life::Alive) return Happening::PrepareEndsBadly;
    if (killed && descendants) return Happening::DescendantsEnd;
    if (unit.policy.type == config::ServiceType::Job && possible(Happening::MainEndsWell))
      return Happening::MainEndsWell;
    if (possible(Happening::DeadlinePasses)) return Happening::DeadlinePasses;
    return Happening::Trigger;
  }

  /// All that tells two worlds apart, times and counts left out.
  [[nodiscard]] auto key() const {
    const auto* stopping = std::get_if<Stopping>(&unit.state);
    const auto* starting = std::get_if<Starting>(&unit.state);
    const bool later = deadline(unit).has_value();
    const int phase = stopping ? static_cast<int>(stopping->phase) : starting ? static_cast<int>(starting->stage) : 0;
    const int outcome = !stopping || !stopping->outcome ? 0 : stopping->outcome->success() ? 1 : 2;
    const bool early = starting && starting->ready;
    const unsigned failures = unit.failures < 2 ? unit.failures : unit.failures < kCrashLoopFailures ? 2 : 3;
    return std::tuple(unit.state.index(), phase, outcome, failures, unit.desired, unit.needs_met, unit.wants_met, early,
                      later, unit.not_before > now, unit.up, unit.settled, unit.rerun, unit.undo, unit.main_alive,
                      unit.cgroup_populated, main, prepare, stop_command, main_exec_known,
                      main_ended_well && main == Life::Zombie, prepare_ended_well && prepare == Life::Zombie,
                      descendants, killed, run_exists, empty_untold);
  }
};

}  // namespace uebo::supervise::test
