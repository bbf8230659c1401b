#include "uebo/boot/last_date.hpp"

#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

WallTime at(year_month_day date, seconds time) { return sys_days(date) + time; }

TEST(LastDate, ReadsWhatItWrites) {
  const WallTime time = at(2026y / 11 / 23, 22h + 5min + 17s);
  EXPECT_EQ(format_last_date(time), "2026-11-23 22:05:17");
  EXPECT_EQ(parse_last_date("2026-11-23 22:05:17\n"), time);
}

TEST(LastDate, TakesJanuaryWhereTheMinuteStandsInTheMonthsPlace) {
  EXPECT_EQ(parse_last_date("2025-42-17 08:42:01"), at(2025y / 1 / 17, 8h + 42min + 1s));
  EXPECT_EQ(parse_last_date("2025-00-31 08:00:01"), at(2025y / 1 / 31, 8h + 1s));
  // May or the fifth minute: a floor must not run ahead.
  EXPECT_EQ(parse_last_date("2025-05-17 08:05:01"), at(2025y / 1 / 17, 8h + 5min + 1s));
}

TEST(LastDate, IsNeverWrittenInTheFormThatIsReadAsJanuary) {
  for (WallTime time = at(2026y / 1 / 1, 0s); time < at(2027y / 1 / 1, 0s); time += 7min + 13s) {
    const auto read = parse_last_date(format_last_date(time));
    ASSERT_TRUE(read);
    ASSERT_LE(*read, time);
    ASSERT_GE(*read, time - 1min);
  }
}

TEST(LastDate, RefusesWhatIsNoDate) {
  for (const char* text :
       {"", "yesterday", "2025-13-17 08:42:01", "2025-02-30 08:42:01", "2025-01-17 24:42:01", "2025-01-17T08:42:01",
        "2025-01-17 08:42:01 UTC", "2025-1-17 08:42:01", "2025-01-17 08:60:01"})
    EXPECT_FALSE(parse_last_date(text)) << text;
}

}  // namespace
}  // namespace uebo::boot
