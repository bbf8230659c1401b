// Wall time: the kernel's and the battery-backed clock's, where the board has one (rtc(4)). Both in UTC.
#pragma once

#include <linux/rtc.h>

#include <chrono>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

using WallTime = std::chrono::sys_seconds;

/// RTC_RD_TIME. ENOENT: no such clock; EINVAL: it says of itself that it has lost the time.
[[nodiscard]] Result<WallTime> read_rtc(const std::string& device = "/dev/rtc0");
[[nodiscard]] Result<> write_rtc(WallTime time, const std::string& device = "/dev/rtc0");
/// None for a date that doesn't exist.
[[nodiscard]] std::optional<WallTime> from_rtc(const rtc_time& fields);
[[nodiscard]] rtc_time to_rtc(WallTime time);

[[nodiscard]] WallTime wall_time();
[[nodiscard]] Result<> set_wall_time(WallTime time);
/// Somebody (ntpd) keeps the clock in step: adjtimex(2) shows no STA_UNSYNC.
[[nodiscard]] Result<bool> wall_clock_synchronised();

/// Readable when somebody has set the system's clock, which take() ends: timerfd_create(2), TFD_TIMER_CANCEL_ON_SET.
class WallClockWatch {
 public:
  [[nodiscard]] static Result<WallClockWatch> create();
  [[nodiscard]] int descriptor() const { return timer_.get(); }
  /// Whether it was set since the last call.
  [[nodiscard]] bool take();

 private:
  explicit WallClockWatch(UniqueFd timer) : timer_(std::move(timer)) {}
  Result<> arm();
  UniqueFd timer_;
};

}  // namespace uebo::kernel
