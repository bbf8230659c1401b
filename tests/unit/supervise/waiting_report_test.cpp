#include "uebo/supervise/waiting_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{100s};

TEST(WaitingReport, TellsAfterThirtySecondsThenAfterTwiceTheTimeUpToEveryTenMinutes) {
  WaitingReport report;
  report.begin("boinc", kStart);
  std::vector<Duration> told;
  TimePoint now = kStart;
  for (int i = 0; i < 8; ++i) {
    now = report.due().value();
    EXPECT_THAT(report.take(now), ElementsAre("boinc"));
    told.push_back(now - kStart);
  }
  EXPECT_THAT(told, ElementsAre(30s, 90s, 210s, 450s, 930s, 1530s, 2130s, 2730s));
}

TEST(WaitingReport, AWaitThatGoesOnIsNotBegunAnew) {
  WaitingReport report;
  report.begin("boinc", kStart);
  (void)report.take(kStart + 30s);
  report.begin("boinc", kStart);
  EXPECT_EQ(report.due(), kStart + 90s);
  report.begin("boinc", kStart + 40s);
  EXPECT_EQ(report.due(), kStart + 70s) << "another wait";
}

TEST(WaitingReport, TellsOfThoseTogetherThatBeganTogether) {
  WaitingReport report;
  report.begin("a", kStart);
  report.begin("b", kStart + 4s);
  report.begin("c", kStart + 20s);
  EXPECT_THAT(report.take(kStart + 29s), IsEmpty());
  EXPECT_THAT(report.take(kStart + 30s), ElementsAre("a", "b"));
  EXPECT_EQ(report.due(), kStart + 50s);
}

TEST(WaitingReport, IsSilentWhenTheWaitIsOver) {
  WaitingReport report;
  report.begin("a", kStart);
  report.end("a");
  EXPECT_EQ(report.due(), std::nullopt);
  EXPECT_THAT(report.take(kStart + 1h), IsEmpty());
}

TEST(WaitingLines, NameWhatIsWaitedForAndByWhom) {
  const std::vector<LastingWait> waits{{.unit = "boinc", .what = {"clock", "storage"}, .lasted = 35'900ms},
                                       {.unit = "ntpd", .what = {"net"}, .lasted = 40s},
                                       {.unit = "other", .what = {}, .lasted = 40s},
                                       {.unit = "registrar", .what = {"net"}, .lasted = 41s}};
  EXPECT_THAT(waiting_lines(waits), ElementsAre("still waiting for clock, storage: boinc (since 35 s)",
                                                "still waiting for net: ntpd (since 40 s), registrar (since 41 s)"));
}

}  // namespace
}  // namespace uebo::supervise
