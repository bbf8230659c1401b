#include "uebo/logs/stamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace uebo::logs {
namespace {

using namespace std::chrono;

constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";

bool has_form(std::string_view text) {
  const auto fits = [](char form, char c) { return form == '0' ? c >= '0' && c <= '9' : c == form; };
  return std::ranges::equal(kForm, text, fits);
}

int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, value);
  return value;
}

}  // namespace

LogTime log_time_now() { return floor<milliseconds>(system_clock::now()); }

std::string stamp(LogTime time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<LogTime> parse_stamp(std::string_view text) {
  if (!has_form(text)) return std::nullopt;
  const year_month_day date{year(number(text, 0, 4)), month(static_cast<unsigned>(number(text, 5, 2))),
                            day(static_cast<unsigned>(number(text, 8, 2)))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + hours(number(text, 11, 2)) + minutes(number(text, 14, 2)) + seconds(number(text, 17, 2)) +
         milliseconds(number(text, 20, 3));
}

}  // namespace uebo::logs
