#include "uebo/boot/last_date.hpp"

#include <fmt/format.h>

#include <charconv>

#include "uebo/base/file.hpp"
#include "uebo/boot/clock.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

using namespace std::chrono;

/// The number in `text` at `begin`, of exactly `length` digits.
std::optional<int> field(std::string_view text, std::size_t begin, std::size_t length) {
  const std::string_view digits = text.substr(begin, length);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string plain(WallTime time) {
  const sys_days date = floor<days>(time);
  const year_month_day calendar(date);
  const hh_mm_ss clock(time - date);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(calendar.year()),
                     static_cast<unsigned>(calendar.month()), static_cast<unsigned>(calendar.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::optional<WallTime> parse_last_date(std::string_view text) {
  text = trim(text);
  constexpr std::string_view form = "0000-00-00 00:00:00";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] != '0' && text[i] != form[i]) return std::nullopt;
  const auto y = field(text, 0, 4), m = field(text, 5, 2), d = field(text, 8, 2);
  const auto hour = field(text, 11, 2), minute = field(text, 14, 2), second = field(text, 17, 2);
  if (!y || !m || !d || !hour || !minute || !second) return std::nullopt;
  const year_month_day date{year(*y), month(*m == *minute ? 1U : static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
}

std::string format_last_date(WallTime time) {
  const std::string text = plain(time);
  return text.substr(5, 2) == text.substr(14, 2) ? plain(time - minutes(1)) : text;
}

std::string time_text(WallTime time) { return plain(time) + " UTC"; }

Result<bool> keep_last_date(std::chrono::seconds age) {
  if (clock_state() != ClockState::Synced || !UEBO_TRY(kernel::find_mount(kStorageDirectory))) return false;
  const auto text = read_file(kLastDateFile, 64);
  const auto kept = text ? parse_last_date(*text) : std::nullopt;
  const WallTime now = kernel::wall_time();
  if (kept && *kept <= now && now - *kept < age) return false;
  UEBO_TRY(replace_file(kLastDateFile, format_last_date(now) + "\n", 0644));
  return true;
}

}  // namespace uebo::boot
