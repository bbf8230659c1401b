// Time for decisions is monotonic: these boards have no battery clock, and wall time may jump by decades.
#pragma once

#include <chrono>

namespace uebo {

/// CLOCK_BOOTTIME: counts from the kernel's start, also while suspended; clock_gettime(2).
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};

using TimePoint = BootClock::time_point;
using Duration = BootClock::duration;

/// Where code that decides by time asks for it, so that tests can hand in a clock of their own.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const { return BootClock::now(); }
};

}  // namespace uebo
