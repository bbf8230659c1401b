// The clock's jobs: a floor before the disks are checked, and a fallback for nodes that no time server answers.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <thread>

#include "uebo/boot/clock.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/boot/roles.hpp"

namespace uebo::boot {
namespace {

constexpr std::chrono::seconds kTimeServerPatience{30};

}  // namespace

/// Always a success: a clock that can't be set must not keep the disks from being looked at.
int clock_floor_role(std::span<const std::string_view>) {
  std::vector<TimeWitness> witnesses;
  if (const auto rtc = kernel::read_rtc(); rtc) witnesses.push_back({.name = "the RTC", .time = *rtc});
  const auto corrected = correct_clock(std::move(witnesses));
  if (!corrected)
    spdlog::warn("{}", corrected.error().message());
  else if (*corrected)
    spdlog::info("{}, by {}", time_text((*corrected)->time), (*corrected)->name);
  else
    spdlog::info("{}", time_text(kernel::wall_time()));
  return 0;
}

int clock_assume_role(std::span<const std::string_view>) {
  if (clock_state() != ClockState::Unset) return 0;
  spdlog::info("waiting {} s for a time server", kTimeServerPatience.count());
  std::this_thread::sleep_for(kTimeServerPatience);
  if (clock_state() != ClockState::Unset) return 0;
  if (const auto announced = announce_clock(ClockState::Assumed); !announced) {
    spdlog::error("{}", announced.error().message());
    return 1;
  }
  spdlog::warn("no time server answered within {} s; {} is assumed", kTimeServerPatience.count(),
               time_text(kernel::wall_time()));
  return 0;
}

/// By hand, or from elsewhere: `lastdate --hourly` leaves alone what is younger than an hour.
int last_date_role(std::span<const std::string_view> arguments) {
  const bool hourly = arguments.size() == 1 && arguments[0] == "--hourly";
  if (!arguments.empty() && !hourly) {
    spdlog::error("usage: uebo lastdate [--hourly]");
    return 2;
  }
  const auto written = keep_last_date(hourly ? std::chrono::hours(1) : std::chrono::seconds(0));
  if (written) return 0;
  spdlog::error("{}", written.error().message());
  return 1;
}

}  // namespace uebo::boot
