// The life of one unit (a service or a boot job) as a pure function: no clock, no process, no file is touched here.
//
//   step(unit, event, moment) -> actions
//
// The supervisor feeds events in, carries the actions out, and wakes the unit at deadline(unit). Two things are kept
// apart: what is WANTED of the unit (`desired`, and whether its needs are met) and what it IS (`state`).
//
//  Stopped -> Waiting -> Starting (prepare, launch) -> Running -> Ready ---------------+
//     ^          ^                  |                     |                              v
//     |          |                  +---------------------+--> Stopping (announced, command, signal, kill, stuck)
//     |          |                                                |
//     |          +-- need lost ------------------------------------+
//     +------------- wanted down ----------------------------------+
//                    ended by itself: Backoff or CrashLoop, then Starting; Done (a job that ended with 0);
//                                     Failed (not to be tried again by itself)
//
// Every end of a run goes through Stopping: whatever the main process left behind in the cgroup is killed, and nothing
// starts before the cgroup is empty and the main process reaped. So there is never more than one main process. A task
// that even SIGKILL does not end (state D) leaves the unit Stopping in phase Stuck: it costs its deadline, not the
// shutdown, and the unit goes on when the task is gone after all. An exit that nobody has told of is asked for
// (AskForExit) as soon as the cgroup is empty, and again for as long as the unit is stuck.
//
// A daemon is up while it is Running, or, where its file says how it tells that it is ready, while it is Ready. One
// that is not ready by its deadline, or gives no sign of life for longer than its watchdog allows, is killed and has
// failed. A service that says that it stops (STOPPING=1) is not up any more; it has its stop timeout to end in.
//
// A job is up from its first success until a later run fails or it is stopped; a run that is triggered again does not
// take it down. A job's stop command undoes what it did: it runs when the job is wanted down, once no process of it is
// left (a daemon's runs first, beside the daemon).
//
// Needs are hard: without them nothing starts, and a daemon stops when one goes. Wants are soft: a start waits for
// them, kLongestWant at most, and nothing stops when one goes; automatic restarts do not wait for them again.
//
// Restarts: the first at once, then 1 s doubling to 5 min (or what its file says), for as long as it takes; from the
// fifth failure in a row on the state is CrashLoop, which only differs in what people see. A daemon that was up for 60
// s begins to count anew. A need that goes and comes back does not shorten the delay. Starts that a trigger or a need
// that has come back asks for are let through in bursts of kStartBurst, then one each kStartPause: what is asked for in
// between gives one later start.
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
  bool has_wants = false;
  bool tells_ready = false;              // a daemon that is not up before it is ready
  milliseconds ready_timeout{60'000};    // from the exec on
  std::optional<milliseconds> watchdog;  // the longest without a sign of life
  milliseconds stop_timeout{10'000};
  milliseconds longest_backoff{300'000};
  std::optional<milliseconds> deadline;
};
[[nodiscard]] Policy policy_of(const config::ServiceSpec& spec);

enum class Process { Main, Prepare, AfterStart, StopCommand };

struct Stopped {};
struct Waiting {
  TimePoint since;
  std::optional<TimePoint> deadline;  // of the patience with wants, once all needs are met
};
struct Starting {
  enum class Stage { Preparing, Launching };
  Stage stage;
  std::optional<TimePoint> deadline;
  bool ready = false;  // said so before the exec was known of
};
struct Running {
  TimePoint since;
  std::optional<TimePoint> deadline;  // of a job's run, or by when a daemon has to be ready
  std::optional<TimePoint> watchdog;  // by when a sign of life has to come
};
struct Ready {
  TimePoint running_since;
  TimePoint since;
  std::optional<TimePoint> watchdog;
};
struct Stopping {
  enum class Phase { Announced, Command, Signal, Kill, Stuck };  // Announced: by the service itself
  Phase phase;
  std::optional<TimePoint> deadline;  // of this phase; Stuck: when to ask again
  std::optional<ExitReason> outcome;  // how the run ended by itself; none: it is being stopped
};
struct Backoff {
  TimePoint until;
  unsigned failures;  // in a row
};
struct CrashLoop {
  TimePoint until;
  unsigned failures;
};
struct Done {
  std::optional<TimePoint> again_at;  // a job that was triggered too often
};
struct Failed {
  ExitReason why;
  std::optional<TimePoint> again_at;
};

using State = std::variant<Stopped, Waiting, Starting, Running, Ready, Stopping, Backoff, CrashLoop, Done, Failed>;

/// "stopped", "waiting", ... as status, JSON and metrics name it.
[[nodiscard]] std::string_view name_of(const State& state);
/// All names there are.
[[nodiscard]] std::span<const std::string_view> state_names();
/// What a unit that is stopping is at, for people.
[[nodiscard]] std::string_view text_of(Stopping::Phase phase);

enum class Desired { Down, Up };

struct Unit {
  Policy policy;
  State state = Stopped{};
  Desired desired = Desired::Down;
  bool needs_met = false;
  bool wants_met = false;  // or not to be waited for any more
  bool up = false;         // dependents may run
  bool settled = false;    // the first run has ended, however it ended
  bool rerun = false;      // a job that was triggered while it ran
  bool undo = false;       // a job that ran, to its end or not: its stop command is still to run
  bool main_alive = false;
  bool cgroup_populated = false;
  std::optional<Duration> watchdog;  // of this run: the service may have changed it
  TimePoint not_before{};            // the end of a backoff, whatever has come in between
  TimePoint starts_booked{};         // up to where the bound on starts is used up
  unsigned failures = 0;             // in a row
  unsigned restarts = 0;             // since boot
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
struct WantsMet {};  // each is up, or will not be for now
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
using Event = std::variant<WantUp, WantDown, NeedsMet, NeedsLost, WantsMet, Trigger, Launched, LaunchFailed, Exited,
                           CgroupEmpty, DeadlinePassed, Notified, Hurry>;

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
  AskForExit,       // has the main process, or its preparation, ended without a word? Exited follows where it has
  AnnounceUp,       // `up` has become true
  AnnounceDown,     // `up` has become false
  AnnounceSettled,  // `settled` has become true
  ReportRun,        // a job's run has ended by itself; a triggered one may begin at once
  ReportStuck,      // something survived SIGKILL
  ReportWants,      // it starts without what it wants
};

/// Changes the unit and says what has to be done, in this order. Events are those of the present run alone: the host
/// forgets what is left of an old one when it launches anew. Exited and CgroupEmpty of a run come in either order.
[[nodiscard]] std::vector<Action> step(Unit& unit, const Event& event, const Moment& moment);

/// When DeadlinePassed is due.
[[nodiscard]] std::optional<TimePoint> deadline(const Unit& unit);

/// How often it has failed in a row; a run that is stable by now has ended the row.
[[nodiscard]] unsigned failures_in_a_row(const Unit& unit, TimePoint now);

/// Since when its main process runs.
[[nodiscard]] std::optional<TimePoint> running_since(const Unit& unit);

/// Nothing of it is left to stop: its providers may go. (A job that ran and has a stop command is still to stop.)
[[nodiscard]] bool inactive(const Unit& unit);

/// As inactive(), or nothing more can be done about it: shutdown goes on.
[[nodiscard]] bool finished(const Unit& unit);

/// The delay before the restart that follows `failures` failures in a row.
[[nodiscard]] Duration backoff_delay(unsigned failures, double jitter, Duration longest);

inline constexpr std::chrono::seconds kStableRun{60};
inline constexpr unsigned kCrashLoopFailures = 5;
inline constexpr std::chrono::seconds kKillDeadline{10};
inline constexpr std::chrono::seconds kLongestWant{30};
/// What EXTEND_TIMEOUT_USEC may ask for at once; a service that needs longer asks again.
inline constexpr std::chrono::minutes kLongestExtension{10};
inline constexpr std::chrono::hours kLongestWatchdog{24};
inline constexpr std::chrono::seconds kStartPause{1};
inline constexpr int kStartBurst = 5;

}  // namespace uebo::supervise
