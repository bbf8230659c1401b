// The one loop of a process: epoll(7), one timerfd for all timers, signals as descriptors. A handler's throw is a line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::event {

/// Who is served first when several descriptors are ready in one turn: reaping runs before anything else, so that
/// no decision is made on a process that is already gone.
enum class Priority { Reap, Normal };

class Loop {
 public:
  using Handler = std::function<void(std::uint32_t epoll_events)>;
  enum class TimerId : std::uint64_t {};

  [[nodiscard]] static Result<std::unique_ptr<Loop>> create();
  /// With a clock that it borrows: for tests.
  [[nodiscard]] static Result<std::unique_ptr<Loop>> create(const Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Calls `handler` whenever `fd` shows one of `epoll_events` (EPOLLIN, ...), level-triggered unless EPOLLET is asked
  /// for. The loop borrows the descriptor: remove() before closing it. A handler may remove any watch, its own too.
  [[nodiscard]] Result<> watch(int fd, std::uint32_t epoll_events, Handler handler,
                               Priority priority = Priority::Normal);
  void remove(int fd);

  /// Calls `handler` once, at or after `when`. Nothing wakes the process while no timer is set.
  TimerId at(TimePoint when, std::function<void()> handler);
  void cancel(TimerId timer);

  /// By the loop's clock.
  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  /// When the next timer is due.
  [[nodiscard]] std::optional<TimePoint> next_timer() const;
  /// Serves the timers that are due by the loop's clock, as run() does. For tests whose clock is no kernel's.
  void fire_timers();

  /// Serves events until stop() is called.
  [[nodiscard]] Result<> run();
  /// Serves what is ready now, waiting for it at most `timeout`. For tests and for the end of a shutdown.
  [[nodiscard]] Result<> run_once(Duration timeout);
  void stop() { stopping_ = true; }

 private:
  struct Watch;
  struct Timer {
    TimerId id;
    std::function<void()> handler;
  };

  Loop(UniqueFd epoll, UniqueFd timer, const Clock& clock);
  Result<> turn(int timeout_milliseconds);
  void arm_timer();

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd timer_;
  std::map<int, std::shared_ptr<Watch>> watches_;
  std::multimap<TimePoint, Timer> timers_;
  std::uint64_t next_timer_ = 1;
  bool stopping_ = false;
};

/// Blocks the signals for the process and hands them over as a signalfd(2) descriptor instead.
[[nodiscard]] Result<UniqueFd> signal_descriptor(const std::vector<int>& signals);

}  // namespace uebo::event
