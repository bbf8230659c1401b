#include "uebo/boot/clock.hpp"

#include <gtest/gtest.h>

#include "uebo/boot/ntp.hpp"

namespace uebo::boot {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr WallTime kBuild = sys_days(2026y / 11 / 23);

TEST(Believed, IsTheBuildTimeWhereNothingIsLater) {
  EXPECT_EQ(believed({}, kBuild).time, kBuild);
  EXPECT_EQ(believed({{"the RTC", WallTime(0s)}}, kBuild).time, kBuild);
}

TEST(Believed, IsTheLatestWitness) {
  const auto best = believed({{"the RTC", kBuild + 24h}, {"lastdate", kBuild + 48h}}, kBuild);
  EXPECT_EQ(best.name, "lastdate");
  EXPECT_EQ(best.time, kBuild + 48h);
}

TEST(Believed, IsNothingBeyondFifteenYears) {
  const WallTime edge = kBuild + floor<seconds>(years(15));
  EXPECT_EQ(believed({{"the RTC", edge}}, kBuild).time, edge);
  EXPECT_EQ(believed({{"the RTC", edge + 1s}}, kBuild).time, kBuild);
  EXPECT_EQ(believed({{"the RTC", edge + 1s}, {"lastdate", kBuild + 1h}}, kBuild).time, kBuild + 1h);
}

TEST(Believed, PrefersTheClockAsItStandsAmongEquals) {
  EXPECT_EQ(believed({{"the system's clock", kBuild + 1h}, {"the RTC", kBuild + 1h}}, kBuild).name,
            "the system's clock");
}

TEST(ClockAfter, IsSyncedOnceItWasSetOrAPeerWasChosen) {
  EXPECT_EQ(clock_after("step", "16", ClockState::Unset), ClockState::Synced);
  EXPECT_EQ(clock_after("stratum", "3", ClockState::Assumed), ClockState::Synced);
  EXPECT_EQ(clock_after("periodic", "3", ClockState::Unset), ClockState::Synced);
  EXPECT_EQ(clock_after("stratum", "16", ClockState::Unset), std::nullopt);
  EXPECT_EQ(clock_after("periodic", "", ClockState::Unset), std::nullopt);
  EXPECT_EQ(clock_after("periodic", "3", ClockState::Synced), std::nullopt);
}

TEST(ClockAfter, TakesBackOnlyWhatATimeServerHasSaid) {
  EXPECT_EQ(clock_after("unsync", "16", ClockState::Synced), ClockState::Assumed);
  EXPECT_EQ(clock_after("unsync", "16", ClockState::Unset), std::nullopt);
  EXPECT_EQ(clock_after("unsync", "16", ClockState::Assumed), std::nullopt);
}

TEST(TimeServers, AreThoseOfTheFirstWhoNamesSome) {
  const std::vector<std::string> argument{"a"}, dhcp{"b", "c"}, site{"d"};
  EXPECT_EQ(choose_time_servers(argument, dhcp, site), argument);
  EXPECT_EQ(choose_time_servers({}, dhcp, site), dhcp);
  EXPECT_EQ(choose_time_servers({}, {}, site), site);
  EXPECT_EQ(choose_time_servers({}, {}, {}), std::vector<std::string>{"pool.ntp.org"});
}

}  // namespace
}  // namespace uebo::boot
