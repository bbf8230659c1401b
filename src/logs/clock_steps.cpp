#include "uebo/logs/clock_steps.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "uebo/base/file.hpp"

namespace uebo::logs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSmallestStep{1000};
constexpr std::size_t kStampSize = 24;

milliseconds size_of(const ClockStep& step) { return step.after - step.before; }

}  // namespace

ClockSteps ClockSteps::parse(std::string_view text) {
  ClockSteps steps;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto first = parse_stamp(line.substr(0, kStampSize));
    const auto second = line.size() > kStampSize ? parse_stamp(line.substr(kStampSize + 1)) : std::nullopt;
    if (first && line.size() == kStampSize) steps.begin_ = *first;
    if (first && second) steps.add({.before = *first, .after = *second});
  }
  return steps;
}

ClockSteps ClockSteps::load(const std::string& logs) {
  return parse(read_file(logs + "/" + kClockStepsName, 64 * 1024).value_or(""));
}

void ClockSteps::add(ClockStep step) {
  steps_.push_back(step);
  if (steps_.size() <= kMost) return;
  begin_ = steps_.front().after;
  steps_.erase(steps_.begin());
}

std::string ClockSteps::text() const {
  std::string text = stamp(begin_) + "\n";
  for (const ClockStep& step : steps_) text += stamp(step.before) + " " + stamp(step.after) + "\n";
  return text;
}

/// Between two steps the clock showed what lies between the end of the one and the beginning of the next. A small step
/// back makes times that were shown twice; the line above tells which is meant, or it hardly matters.
LogTime ClockSteps::corrected(LogTime time, std::size_t& passed) const {
  LogTime from = passed == 0 ? begin_ : steps_[std::min(passed, steps_.size()) - 1].after;
  for (std::size_t step = passed; step < steps_.size(); ++step) {
    if (time >= from && time <= steps_[step].before) {
      passed = step;
      for (; step < steps_.size(); ++step) time += size_of(steps_[step]);
      return time;
    }
    from = steps_[step].after;
  }
  if (time >= from) passed = steps_.size();
  return time;
}

ClockStepRecorder::ClockStepRecorder(const std::string& logs)
    : path_(logs + "/" + kClockStepsName), steps_(log_time_now()), wall_(log_time_now()), boot_(BootClock::now()) {}

void ClockStepRecorder::clock_was_set() { note(log_time_now(), BootClock::now()); }

void ClockStepRecorder::note(LogTime wall, TimePoint boot) {
  const LogTime expected = wall_ + std::chrono::duration_cast<milliseconds>(boot - boot_);
  wall_ = wall;
  boot_ = boot;
  if (wall - expected < kSmallestStep && expected - wall < kSmallestStep) return;
  steps_.add({.before = expected, .after = wall});
  if (const auto written = replace_file(path_, steps_.text(), 0640); !written)
    spdlog::warn("{}", written.error().message());
}

}  // namespace uebo::logs
