// One step of a unit in the making: the unit, the time, and the actions gathered so far.
#pragma once

#include <optional>
#include <vector>

#include "uebo/supervise/unit.hpp"

namespace uebo::supervise {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

class Step {
 public:
  Step(Unit& unit, const Moment& moment) : unit_(unit), moment_(moment) {}

  std::vector<Action> take(const Event& event);

 private:
  // Events (unit_events.cpp); what a service says of itself (unit_notify.cpp).
  void on(const WantUp&);
  void on(const WantDown&);
  void on(const NeedsMet&);
  void on(const NeedsLost&);
  void on(const WantsMet&);
  void on(const Trigger&);
  void on(const Launched&);
  void on(const LaunchFailed& event);
  void on(const Exited& event);
  void on(const CgroupEmpty&);
  void on(const DeadlinePassed&);
  void on(const Notified& event);
  void on(const Hurry&);

  // Starting (unit_start.cpp).
  [[nodiscard]] bool may_start() const;
  [[nodiscard]] std::optional<TimePoint> run_deadline() const;
  [[nodiscard]] std::optional<TimePoint> launch_deadline() const;
  [[nodiscard]] std::optional<TimePoint> held_back() const;
  void try_start();
  void try_start_by_itself();
  void wait();
  void start();
  void launch_main();
  void running();
  void ready();
  void back_off();
  void back_off_until(TimePoint until);

  // Ending (unit_stop.cpp).
  void count_exit(const ExitReason& reason);
  void count_stopped(const ExitReason& reason);
  void clean_up(std::optional<ExitReason> outcome);
  void end_late(ExitReason::Kind kind);
  void leave_running();
  void begin_stop();
  void launch_stop_command();
  void come_to_rest();
  void after_stop_command(Stopping& stopping);
  void stop_phase_over(Stopping& stopping);
  void ask_again();
  void main_exited(const ExitReason& reason);
  void decide_if_empty();
  void decide(std::optional<ExitReason> outcome);
  void job_ended(const ExitReason& outcome);
  void daemon_ended(const ExitReason& outcome);

  // What a service says of itself.
  [[nodiscard]] std::optional<TimePoint>* watchdog_of_state();
  void announced_ready();
  void announced_stopping();
  void extend(Duration extension);
  void set_watchdog(Duration timeout);
  void feed_watchdog();

  template <class S>
  [[nodiscard]] S* in() {
    return std::get_if<S>(&unit_.state);
  }
  [[nodiscard]] bool is_job() const { return unit_.policy.type == config::ServiceType::Job; }
  [[nodiscard]] bool is_up_once_it_runs() const { return !is_job() && !unit_.policy.tells_ready; }
  [[nodiscard]] TimePoint after(Duration delay) const { return moment_.now + delay; }
  void act(Action action) { actions_.push_back(action); }
  void set_up(bool up);
  void settle_once();

  Unit& unit_;
  const Moment& moment_;
  std::vector<Action> actions_;
};

}  // namespace uebo::supervise
