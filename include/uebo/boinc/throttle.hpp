// How much of the processors the tasks get while a chip is hot. A board without a fan that crunches all day comes near
// the temperature at which the kernel switches it off; tasks that run half of the time keep it below.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "uebo/base/clock.hpp"
#include "uebo/kernel/thermal.hpp"

namespace uebo::boinc {

/// Steps of a quarter. Down: 10 degrees below a zone's limit, one step; above that, one more every 10 s that it does
/// not cool; 3 degrees below, to the last quarter at once. Up: one step after 30 s of 15 degrees below. In between it
/// stays.
class Throttle {
 public:
  static constexpr std::chrono::seconds kPeriod{5};  // between two looks

  /// With what the zones show now; a line when the share has changed.
  [[nodiscard]] std::optional<std::string> look(std::span<const kernel::ThermalZone> zones, TimePoint now);
  /// Of all processors, 0.25 to 1.
  [[nodiscard]] double share() const { return quarters_ / 4.0; }

 private:
  int quarters_ = 4;
  TimePoint changed_{};
  std::optional<TimePoint> cool_since_;
};

/// For a group's cpu.max (cgroup-v2): microseconds of CPU in each tenth of a second, by all its processes together.
[[nodiscard]] std::string cpu_max_of(double share, std::size_t cores);

}  // namespace uebo::boinc
