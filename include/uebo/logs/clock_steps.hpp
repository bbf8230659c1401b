// A node without a battery clock begins to log in the wrong year, and the clock is set later. PID 1 writes down when it
// was set and by how much (/var/log/clock-steps), so that whoever reads the logs can tell when an early line was
// written: all lines of a boot come to stand in their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/logs/stamp.hpp"

namespace uebo::logs {

inline constexpr const char* kClockStepsName = "clock-steps";  // beside the logs

/// One moment, as the clock showed it before it was set and after.
struct ClockStep {
  LogTime before;
  LogTime after;
  bool operator==(const ClockStep&) const = default;
};

class ClockSteps {
 public:
  ClockSteps() = default;
  explicit ClockSteps(LogTime begin) : begin_(begin) {}
  /// What text() has written; lines that make no sense are left out.
  [[nodiscard]] static ClockSteps parse(std::string_view text);
  /// Of a directory of logs. None have been written down: there were none.
  [[nodiscard]] static ClockSteps load(const std::string& logs);

  /// The oldest of more than kMost is forgotten.
  void add(ClockStep step);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<ClockStep>& steps() const { return steps_; }

  /// What the time in front of a line would have been, had the clock always been as it is now. `passed` is how many
  /// steps lay before the line above in the same log (0 for the first) and is kept up to date. A time that fits nowhere
  /// stays as it is.
  [[nodiscard]] LogTime corrected(LogTime time, std::size_t& passed) const;

  static constexpr std::size_t kMost = 32;

 private:
  LogTime begin_{};  // of the logs, by the clock of then
  std::vector<ClockStep> steps_;
};

/// PID 1's side of it: notices steps of a second or more.
class ClockStepRecorder {
 public:
  explicit ClockStepRecorder(const std::string& logs);
  /// Somebody has set the clock. A failure to write it down costs the correction.
  void clock_was_set();
  /// For tests: with times of their own.
  void note(LogTime wall, TimePoint boot);

 private:
  std::string path_;
  ClockSteps steps_;
  LogTime wall_;
  TimePoint boot_;
};

}  // namespace uebo::logs
