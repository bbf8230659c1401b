#include "uebo/kernel/wall_clock.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

#include <ctime>
#include <limits>

#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

using namespace std::chrono;

std::optional<WallTime> from_rtc(const rtc_time& fields) {
  if (fields.tm_mon < 0 || fields.tm_mday < 0) return std::nullopt;
  const year_month_day date{year(fields.tm_year + 1900), month(static_cast<unsigned>(fields.tm_mon) + 1),
                            day(static_cast<unsigned>(fields.tm_mday))};
  const auto below = [](int value, int limit) { return value >= 0 && value < limit; };
  if (!date.ok() || !below(fields.tm_hour, 24) || !below(fields.tm_min, 60) || !below(fields.tm_sec, 61))
    return std::nullopt;
  return sys_days(date) + hours(fields.tm_hour) + minutes(fields.tm_min) + seconds(fields.tm_sec);
}

rtc_time to_rtc(WallTime time) {
  const sys_days date = floor<days>(time);
  const year_month_day calendar(date);
  const hh_mm_ss clock(time - date);
  rtc_time fields{};
  fields.tm_year = static_cast<int>(calendar.year()) - 1900;
  fields.tm_mon = static_cast<int>(static_cast<unsigned>(calendar.month())) - 1;
  fields.tm_mday = static_cast<int>(static_cast<unsigned>(calendar.day()));
  fields.tm_hour = static_cast<int>(clock.hours().count());
  fields.tm_min = static_cast<int>(clock.minutes().count());
  fields.tm_sec = static_cast<int>(clock.seconds().count());
  return fields;
}

Result<WallTime> read_rtc(const std::string& device) {
  const UniqueFd fd(open(device.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("read clock", device);
  rtc_time fields{};
  if (ioctl(fd.get(), RTC_RD_TIME, &fields) != 0) return errno_error("read clock", device);
  const auto time = from_rtc(fields);
  if (!time) return fail(EINVAL, "read clock", device, "it shows no date that exists");
  return *time;
}

Result<> write_rtc(WallTime time, const std::string& device) {
  const UniqueFd fd(open(device.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("set clock", device);
  const rtc_time fields = to_rtc(time);
  if (ioctl(fd.get(), RTC_SET_TIME, &fields) != 0) return errno_error("set clock", device);
  return {};
}

WallTime wall_time() { return floor<seconds>(system_clock::now()); }

Result<> set_wall_time(WallTime time) {
  const timespec value{.tv_sec = static_cast<time_t>(time.time_since_epoch().count()), .tv_nsec = 0};
  if (clock_settime(CLOCK_REALTIME, &value) != 0) return errno_error("set", "the system's clock");
  return {};
}

Result<bool> wall_clock_synchronised() {
  timex state{};
  if (adjtimex(&state) < 0) return errno_error("read", "the state of the system's clock");
  return (state.status & STA_UNSYNC) == 0;
}

Result<WallClockWatch> WallClockWatch::create() {
  UniqueFd timer(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return errno_error("timerfd_create", "");
  WallClockWatch watch(std::move(timer));
  UEBO_TRY(watch.arm());
  return watch;
}

/// For a time that never comes.
Result<> WallClockWatch::arm() {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if (timerfd_settime(timer_.get(), flags, &never, nullptr) != 0) return errno_error("timerfd_settime", "");
  return {};
}

bool WallClockWatch::take() {
  std::uint64_t expirations = 0;
  const bool set = read(timer_.get(), &expirations, sizeof expirations) < 0 && errno == ECANCELED;
  return arm() && set;
}

}  // namespace uebo::kernel
