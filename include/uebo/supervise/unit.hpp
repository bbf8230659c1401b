// The life of one unit (a service or a boot job) as a pure function: no clock, no process, no file is touched here.
//
//   step(unit, event, moment) -> actions
//
// The supervisor feeds events in, carries the actions out, and wakes the unit at deadline(unit). Two things are kept
// apart: what is WANTED of the unit (`desired`, and whether its needs are met) and what it IS (`state`).
//
//            +--------- needs lost / wanted down: back to Waiting / Stopped, from wherever it is ----------+
//            |                                                                                              |
//  Stopped -> Waiting -> Starting (prepare, launch) -> Running -> Stopping (command, signal, kill, stuck) --+
//                ^                                        |          |
//                |                                        |          +-> Done (a job that ended with 0)
//                |                                        |          +-> Failed (not to be tried again by itself)
//                +----------- Backoff, CrashLoop <--------+----------+
//
// Every end of a run goes through Stopping: whatever the main process left behind in the cgroup is killed, and nothing
// starts before the cgroup is empty and the main process reaped. So there is never more than one main process. A task
// that even SIGKILL does not end (state D) leaves the unit Stopping in phase Stuck: it costs its deadline, not the
// shutdown, and the unit goes on when the task is gone after all.
//
// A daemon is up while it is Running. A job is up from its first success until a later run fails or it is stopped; a
// run that is triggered again does not take it down. A job's stop command undoes what it did: it runs when the job is
// wanted down, once no process of it is left (a daemon's runs first, beside the daemon). Restarts: the first at once,
// then 1 s doubling to 5 min (or what its file says); from the fifth failure in a row on the state is CrashLoop, which
// only differs in what people see. A daemon that was Running for 60 s begins to count anew.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/supervise/exit_reason.hpp"
#include "uebo/supervise/notify_message.hpp"

namespace uebo::supervise {

using std::chrono::milliseconds;

/// What of a service's file matters to its life.
struct Policy {
  config::ServiceType type = config::ServiceType::Daemon;
  config::RestartPolicy restart = config::RestartPolicy::Always;
  bool prepares = false;
  bool has_after_start = false;
  bool has_stop_command = false;
  milliseconds stop_timeout{10'000};
  milliseconds longest_backoff{300'000};
  std::optional<milliseconds> deadline;
};
[[nodiscard]] Policy policy_of(const config::ServiceSpec& spec);

enum class Process { Main, Prepare, AfterStart, StopCommand };

struct Stopped {};
struct Waiting {};
struct Starting {
  enum class Stage { Preparing, Launching };
  Stage stage;
  std::optional<TimePoint> deadline;
};
struct Running {
  TimePoint since;
  std::optional<TimePoint> deadline;  // a job's
};
struct Stopping {
  enum class Phase { Command, Signal, Kill, Stuck };
  Phase phase;
  std::optional<TimePoint> deadline;  // of this phase
  std::optional<ExitReason> outcome;  // how the run ended by itself; none: it is being stopped
};
struct Backoff {
  TimePoint until;
};
struct CrashLoop {
  TimePoint until;
};
struct Done {};
struct Failed {
  ExitReason why;
};

using State = std::variant<Stopped, Waiting, Starting, Running, Stopping, Backoff, CrashLoop, Done, Failed>;

/// "stopped", "waiting", ... as status, JSON and metrics name it.
[[nodiscard]] std::string_view name_of(const State& state);
/// All names there are.
[[nodiscard]] std::span<const std::string_view> state_names();

enum class Desired { Down, Up };

struct Unit {
  Policy policy;
  State state = Stopped{};
  Desired desired = Desired::Down;
  bool needs_met = false;
  bool up = false;       // dependents may run
  bool settled = false;  // the first run has ended, however it ended
  bool rerun = false;    // a job that was triggered while it ran
  bool undo = false;     // a job that ran, to its end or not: its stop command is still to run
  bool main_alive = false;
  bool cgroup_populated = false;
  TimePoint launched_at{};  // of the last run
  unsigned failures = 0;    // in a row
  unsigned restarts = 0;    // since boot
  std::optional<ExitReason> last_exit;
  /// Since boot, by ExitReason::Kind: how often a run has ended by itself or was ended, each run once. One that was
  /// late and had to be killed counts as Deadline.
  std::array<std::uint64_t, kExitKinds> exits{};
};

// Events.
struct WantUp {};
struct WantDown {};
struct NeedsMet {};
struct NeedsLost {};
struct Trigger {};   // a job: run (again)
struct Launched {};  // the exec of the main process succeeded
struct LaunchFailed {
  ExitReason why;
};
struct Exited {
  Process process;
  ExitReason reason;
};
struct CgroupEmpty {};
struct DeadlinePassed {};
/// The service has spoken: over its notify socket, its readiness descriptor, or by accepting a connection (ready).
struct Notified {
  NotifyMessage message;
};
struct Hurry {};  // a unit that is being stopped: what it would wait for does not come, so it is killed at once
using Event = std::variant<WantUp, WantDown, NeedsMet, NeedsLost, Trigger, Launched, LaunchFailed, Exited, CgroupEmpty,
                           DeadlinePassed, Notified, Hurry>;

/// Time and chance come from outside. jitter is from [0, 1): backoff is stretched by up to a tenth of itself.
struct Moment {
  TimePoint now;
  double jitter = 0;
};

enum class Action {
  LaunchPrepare,
  LaunchMain,
  LaunchAfterStart,
  LaunchStopCommand,
  SignalStop,  // the stop signal of its file
  KillCgroup,
  AnnounceUp,       // `up` has become true
  AnnounceDown,     // `up` has become false
  AnnounceSettled,  // `settled` has become true
  ReportRun,        // a job's run has ended by itself; a triggered one may begin at once
  ReportStuck,      // something survived SIGKILL
};

/// Changes the unit and says what has to be done, in this order. Events are those of the present run alone: the host
/// forgets what is left of an old one when it launches anew. Exited and CgroupEmpty of a run come in either order.
[[nodiscard]] std::vector<Action> step(Unit& unit, const Event& event, const Moment& moment);

/// When DeadlinePassed is due.
[[nodiscard]] std::optional<TimePoint> deadline(const Unit& unit);

/// Nothing of it is left to stop: its providers may go. (A job that ran and has a stop command is still to stop.)
[[nodiscard]] bool inactive(const Unit& unit);

/// As inactive(), or nothing more can be done about it: shutdown goes on.
[[nodiscard]] bool finished(const Unit& unit);

/// The delay before the restart that follows `failures` failures in a row.
[[nodiscard]] Duration backoff_delay(unsigned failures, double jitter, Duration longest);

inline constexpr std::chrono::seconds kStableRun{60};
inline constexpr unsigned kCrashLoopFailures = 5;
inline constexpr std::chrono::seconds kKillDeadline{10};

}  // namespace uebo::supervise
