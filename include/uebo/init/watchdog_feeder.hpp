// Feeds the board's watchdog while PID 1 is well: once per third of its time-out PID 1 asks itself something
// (self_check.hpp), and the answer feeds. A loop that hangs, and one that turns and does not answer, both starve it.
// What else may hang does not: a reset heals no NFS server.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/watchdog.hpp"

namespace uebo::init {

class WatchdogFeeder {
 public:
  using Opener = std::function<Result<std::unique_ptr<kernel::WatchdogCalls>>()>;
  /// Begins a question and calls its argument when it is answered, if ever. A new question ends the one before.
  using Question = std::function<Result<>(std::function<void()> answered)>;

  /// `timeout` none: the watchdog is left alone.
  explicit WatchdogFeeder(
      std::optional<std::chrono::seconds> timeout, Opener opener = [] { return kernel::open_watchdog(); });
  WatchdogFeeder(const WatchdogFeeder&) = delete;
  WatchdogFeeder& operator=(const WatchdogFeeder&) = delete;
  ~WatchdogFeeder();

  /// Starts the watchdog where there is one and it does not run yet: early in the boot, and when a device has come.
  [[nodiscard]] Result<> arm();
  /// From now on it is fed from the loop, which must outlive this or end_following().
  void follow(event::Loop& loop, Question question);
  void end_following();

  /// Without a question: for the end, when there is no loop any more.
  void feed();
  /// The last word before a reboot: fed once more and left running, so that a reboot that hangs is ended by a reset.
  void stay_armed() { feed(); }
  /// The last word before the power is switched off, or the kernel is halted for good.
  void disarm();

  [[nodiscard]] kernel::WatchdogStatus status() const;

 private:
  void ask();

  std::optional<std::chrono::seconds> timeout_;
  Opener opener_;
  std::optional<kernel::Watchdog> watchdog_;
  event::Loop* loop_ = nullptr;
  Question question_;
  std::optional<event::Loop::TimerId> timer_;
  bool asked_ = false;  // and not yet answered
  bool failing_ = false;
  std::uint64_t feeds_ = 0;
  std::uint64_t withheld_ = 0;
};

/// What `uebo.watchdog` says: none for "off".
[[nodiscard]] std::optional<std::chrono::seconds> watchdog_timeout(std::string_view setting);

}  // namespace uebo::init
