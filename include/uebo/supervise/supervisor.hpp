// The graph of units and conditions. It decides which unit may run, feeds their state machines, and carries out what
// they ask for. Boot jobs and services are the same thing here.
//
// A unit may run while it is wanted and everything that it needs is up; it begins once what it wants is up, or will not
// be for now. Whatever goes down goes after its dependents: shutdown is nothing but "nothing is wanted any more", and
// stops everything in the reverse order of need, all at once where that allows it. The order of wants is kept, too,
// unless nothing could go any more then. Units whose file says so (stop.first) are stopped to their end before all
// others.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "uebo/event/loop.hpp"
#include "uebo/supervise/conditions.hpp"
#include "uebo/supervise/log_collector.hpp"
#include "uebo/supervise/process_host.hpp"
#include "uebo/supervise/reload_plan.hpp"
#include "uebo/supervise/unit.hpp"
#include "uebo/supervise/waiting_report.hpp"

namespace uebo::supervise {

/// How the last run that failed has ended, and what it wrote last (ServiceLog::last_of_run()).
struct FailedRun {
  std::string reason;
  std::vector<std::string> lines;
};

/// What people and metrics are shown of one unit.
struct UnitStatus {
  std::string name;
  std::string description;
  bool job = false;
  bool enabled = true;
  bool wanted = true;  // to be up, by its file and by people; a shutdown does not count
  std::string_view state;
  bool up = false;                     // dependents may run
  std::optional<std::string> detail;   // exit reason, stop phase, what it says of itself, or a job's last line
  std::vector<std::string> waits_for;  // needs that are not met, else wants
  std::optional<Duration> waiting_for = std::nullopt;
  std::optional<pid_t> main_pid;
  std::optional<std::uint64_t> memory;  // bytes, of the whole cgroup
  // Of all its runs, as ProcessHost::Usage and Unit::exits have them.
  std::optional<std::uint64_t> memory_peak = std::nullopt;
  std::optional<std::chrono::microseconds> cpu = std::nullopt;
  std::uint64_t oom_kills = 0;
  std::array<std::uint64_t, kExitKinds> exits{};
  std::optional<Duration> running_for;
  std::optional<Duration> ready_for = std::nullopt;
  std::optional<Duration> next_try_in;
  unsigned failures = 0;  // in a row
  unsigned restarts = 0;
  std::optional<std::string> last_exit;
  std::uint64_t log_lines = 0;
  std::uint64_t log_dropped = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t log_rotations = 0;
  std::optional<FailedRun> failed_run = std::nullopt;
  // For the boot profile.
  std::optional<TimePoint> first_wanted = std::nullopt;
  std::optional<TimePoint> first_started;
  std::optional<TimePoint> first_running = std::nullopt;  // its main process
  std::optional<TimePoint> first_up;                      // a job that failed: when it had ended
  std::vector<std::string> waits_on = {};                 // what it needs and wants
  std::optional<config::ConsulService> consul = std::nullopt;
};

class Supervisor {
 public:
  Supervisor(event::Loop& loop, ProcessHost& processes, LogCollector& logs);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  /// Adds a unit, or a template of units. Enabled ones are wanted from now on. A second one of a name is an error.
  [[nodiscard]] Result<> add(config::ServiceSpec spec);

  // Verbs. An unknown name is an Error with ENOENT; a start during shutdown ESHUTDOWN.
  [[nodiscard]] Result<> start(const std::string& name);  // makes an instance of a template ("getty@ttyS0")
  [[nodiscard]] Result<> stop(const std::string& name);
  [[nodiscard]] Result<> restart(const std::string& name);
  /// A disabled unit is stopped and stays so until it is enabled. Whether that outlives a reboot is the caller's care.
  [[nodiscard]] Result<> set_enabled(const std::string& name, bool enabled);

  /// As start(), by the node itself rather than by people: what is disabled stays so.
  [[nodiscard]] Result<> start_if_enabled(const std::string& name);

  /// What reload() would do, see plan_reload().
  [[nodiscard]] ReloadPlan plan_reload(const std::vector<config::ServiceSpec>& next,
                                       const std::set<std::string>& kept) const;
  /// Makes the units what `next` says. Daemons are stopped by their old description and started by the new one, and
  /// those that need them with them; what is removed is forgotten once nothing of it is left.
  [[nodiscard]] Result<ReloadPlan> reload(const std::vector<config::ServiceSpec>& next,
                                          const std::set<std::string>& kept);
  /// The units that came from no file.
  [[nodiscard]] std::vector<config::ServiceSpec> built_in() const;

  /// Jobs whose `triggers` name this run (again): "uevent:block".
  void trigger(const std::string& what);
  /// A holder that has a unit's name provides the condition: that unit stops after those who need it. `by` is the unit
  /// whose work it was, where that is another (for the boot profile).
  void set_condition(const std::string& condition, const std::string& holder, const std::string& detail,
                     const std::string& by = {});
  void clear_condition(const std::string& condition, const std::string& holder);

  /// What a condition stands for does not answer: who needs it and is being stopped is killed at once.
  void abandon(const std::string& condition);
  /// A line about a unit, for the console and the log. One that `stands` is its detail in status until the next.
  [[nodiscard]] Result<> note(const std::string& name, const std::string& text, bool stands);

  /// As a note that stands, without a line; empty: no more of it. False: there is no such unit.
  bool set_detail(const std::string& name, const std::string& text);

  /// Stops everything; calls `done` once when nothing is left, or at the deadline with what could not be stopped.
  void shut_down(Duration deadline, std::function<void(const std::vector<std::string>& left)> done);
  [[nodiscard]] bool shutting_down() const { return shutting_down_; }

  [[nodiscard]] std::vector<UnitStatus> status() const;
  [[nodiscard]] std::optional<UnitStatus> status(const std::string& name) const;
  [[nodiscard]] const Conditions& conditions() const { return conditions_; }
  /// Another one after each change of a unit's state, of a condition or of what a holder says of it, and when the
  /// shutdown begins.
  [[nodiscard]] std::uint64_t generation() const { return changes_of_units_ + conditions_.changes(); }
  /// Called after each change of a unit's state or of a condition, when all that follows from it has been done.
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  struct Entry;

  /// What is kept to when units go down.
  enum class Order { Needs, NeedsAndWants };

  Result<Entry*> find(const std::string& name);
  Result<Entry*> find_or_instantiate(const std::string& name);
  void deliver(const std::string& unit, Event event);
  void drain();
  void handle(Entry& entry, const Event& event);
  void perform(Entry& entry, Action action);
  void arm_deadline(Entry& entry);
  void evaluate();
  void evaluate_one(Entry& entry, const std::set<const Entry*>& leaving, Order order);
  void push_once(const Entry& entry, Event event);
  [[nodiscard]] bool wanted(const Entry& entry) const;
  [[nodiscard]] bool first_have_stopped() const;
  [[nodiscard]] std::set<const Entry*> leaving_units() const;
  [[nodiscard]] std::vector<std::string> unmet_needs(const Entry& entry, const std::set<const Entry*>& leaving) const;
  [[nodiscard]] bool need_is_met(const std::string& need, const std::set<const Entry*>& leaving) const;
  [[nodiscard]] bool holds(const Entry& entry, const std::string& condition) const;
  [[nodiscard]] Order order_of_stops(const std::set<const Entry*>& leaving) const;
  [[nodiscard]] bool dependents_inactive(const Entry& entry, const std::set<const Entry*>& leaving, Order order) const;
  [[nodiscard]] bool holds_up(const Entry& dependent, const Entry& provider, const std::set<const Entry*>& leaving,
                              Order order) const;
  [[nodiscard]] bool may_still_come_up(const Entry& entry) const;
  [[nodiscard]] bool want_is_awaited(const std::string& want) const;
  [[nodiscard]] std::vector<std::string> awaited_wants(const Entry& entry) const;
  [[nodiscard]] std::vector<std::string> waited_for(const Entry& entry) const;
  void note_waiting(const Entry& entry);
  void arm_waiting_report();
  void report_waiting();
  void replace(Entry& entry, config::ServiceSpec spec, ServiceChange::Follows follows);
  void remove(Entry& entry);
  void adopt(Entry& entry);
  void add_or_queue(const config::ServiceSpec& spec);
  void reload_templates(const std::vector<config::ServiceSpec>& next, const std::set<std::string>& kept);
  void forget_removed();
  void note_start(Entry& entry);
  void note_failure(Entry& entry, const State& before);
  void note_first_times(Entry& entry) const;
  void report_run(Entry& entry);
  void report(Entry& entry, const State& before);
  void check_shutdown();
  [[nodiscard]] UnitStatus status_of(const Entry& entry) const;
  [[nodiscard]] std::string last_line(const Entry& entry) const;
  [[nodiscard]] std::string said_in_run(const Entry& entry) const;

  event::Loop& loop_;
  ProcessHost& processes_;
  LogCollector& logs_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::map<std::string, config::ServiceSpec> templates_;
  Conditions conditions_;
  std::deque<std::pair<std::string, Event>> queue_;
  bool draining_ = false;
  bool shutting_down_ = false;
  std::uint64_t changes_of_units_ = 0;
  WaitingReport waiting_;
  std::optional<event::Loop::TimerId> waiting_timer_;
  std::optional<TimePoint> waiting_armed_for_;
  std::optional<event::Loop::TimerId> shutdown_timer_;
  std::function<void(const std::vector<std::string>&)> shutdown_done_;
  std::function<void()> listener_;
};

}  // namespace uebo::supervise
