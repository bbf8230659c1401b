#include "uebo/kernel/wall_clock.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using namespace std::chrono;

rtc_time fields(int year, int month, int day, int hour, int minute, int second) {
  rtc_time result{};
  result.tm_year = year - 1900;
  result.tm_mon = month - 1;
  result.tm_mday = day;
  result.tm_hour = hour;
  result.tm_min = minute;
  result.tm_sec = second;
  return result;
}

TEST(WallClock, ReadsTheFieldsOfTheRtcAsUtc) {
  EXPECT_EQ(from_rtc(fields(2026, 11, 23, 4, 5, 6)), sys_days(2026y / November / 23) + 4h + 5min + 6s);
  EXPECT_EQ(from_rtc(fields(1970, 1, 1, 0, 0, 0)), WallTime(0s));
  EXPECT_EQ(from_rtc(fields(2040, 2, 29, 23, 59, 59)), sys_days(2040y / February / 29) + 23h + 59min + 59s);
}

TEST(WallClock, DatesThatDoNotExistAreNone) {
  EXPECT_EQ(from_rtc(fields(2026, 2, 29, 0, 0, 0)), std::nullopt);
  EXPECT_EQ(from_rtc(fields(2026, 0, 1, 0, 0, 0)), std::nullopt);
  EXPECT_EQ(from_rtc(fields(2026, 13, 1, 0, 0, 0)), std::nullopt);
  EXPECT_EQ(from_rtc(fields(2026, 1, 0, 0, 0, 0)), std::nullopt);
  EXPECT_EQ(from_rtc(fields(2026, 1, 1, 24, 0, 0)), std::nullopt);
  EXPECT_EQ(from_rtc(fields(2026, 1, 1, 0, -1, 0)), std::nullopt);
}

TEST(WallClock, FieldsOfATimeReadBackAsThatTime) {
  for (const WallTime time : {WallTime(0s), WallTime(1795406706s), WallTime(4102444799s)})
    EXPECT_EQ(from_rtc(to_rtc(time)), time);
}

TEST(WallClock, IsTheSystems) {
  const auto before = time(nullptr);
  const auto now = wall_time().time_since_epoch().count();
  EXPECT_GE(now, before);
  EXPECT_LE(now, time(nullptr));
  EXPECT_TRUE(wall_clock_synchronised());
}

TEST(WallClock, RtcThatIsMissingOrNoClockIsAnError) {
  const test::TestTree tree;
  const auto missing = read_rtc(tree.path("rtc0"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ENOENT);
  EXPECT_EQ(write_rtc(wall_time(), tree.path("rtc0")).error().code, ENOENT);
  EXPECT_EQ(read_rtc(tree.write("file")).error().code, ENOTTY);
}

}  // namespace
}  // namespace uebo::kernel
