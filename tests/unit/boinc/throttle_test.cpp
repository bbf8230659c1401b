#include "uebo/boinc/throttle.hpp"

#include <gmock/gmock.h>

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using kernel::ThermalZone;

/// A chip whose limit is 90 °C.
class Heat : public testing::Test {
 protected:
  std::optional<std::string> at(double temperature, Duration later = Throttle::kPeriod) {
    now += later;
    const std::vector<ThermalZone> zones{{.type = "battery", .temperature = 99, .limit = {}},
                                         {.type = "gpu-thermal", .temperature = 40, .limit = 90},
                                         {.type = "cpu-thermal", .temperature = temperature, .limit = 90}};
    return throttle.look(zones, now);
  }
  TimePoint now{1h};
  Throttle throttle;
};

TEST_F(Heat, IsNobodysConcernBelow) {
  EXPECT_FALSE(at(79.5));
  EXPECT_EQ(throttle.share(), 1);
}

TEST_F(Heat, SlowsStepByStepWhileItDoesNotCool) {
  EXPECT_EQ(at(80.2), "cpu-thermal is at 80 °C, 90 °C is its limit: tasks get 75 % of the processors");
  EXPECT_FALSE(at(81)) << "5 s: the step before has not shown yet";
  EXPECT_TRUE(at(82));
  EXPECT_FALSE(at(82));
  EXPECT_TRUE(at(82));
  EXPECT_EQ(throttle.share(), 0.25);
  EXPECT_FALSE(at(82, 1min)) << "never less than a quarter";
}

TEST_F(Heat, IsAnsweredAtOnceCloseToTheLimit) {
  EXPECT_TRUE(at(87.5));
  EXPECT_EQ(throttle.share(), 0.25);
}

TEST_F(Heat, StaysAsItIsBetweenWarmAndCool) {
  at(81);
  for (int look = 0; look < 100; ++look) EXPECT_FALSE(at(look % 2 == 0 ? 75.5 : 79.9));
  EXPECT_EQ(throttle.share(), 0.75);
}

TEST_F(Heat, GivesBackAStepAfterHalfAMinuteOfCool) {
  at(88);
  EXPECT_FALSE(at(74));
  EXPECT_FALSE(at(74, 25s));
  EXPECT_EQ(at(74), "cpu-thermal is at 74 °C, 90 °C is its limit: tasks get 50 % of the processors");
  EXPECT_FALSE(at(74, 25s));
  EXPECT_FALSE(at(76)) << "the half minute begins anew";
  EXPECT_FALSE(at(74));
  EXPECT_FALSE(at(74, 25s));
  EXPECT_TRUE(at(74));
  EXPECT_TRUE(at(74, 30s));
  EXPECT_EQ(throttle.share(), 1);
  EXPECT_FALSE(at(74, 10min));
}

TEST_F(Heat, ASensorThatFallsSilentChangesNothing) {
  at(88);
  EXPECT_FALSE(throttle.look({}, now + 1h));
  EXPECT_EQ(throttle.share(), 0.25);
}

TEST(CpuMax, IsForAllProcessorsTogether) {
  EXPECT_EQ(cpu_max_of(0.25, 4), "100000 100000");
  EXPECT_EQ(cpu_max_of(0.75, 2), "150000 100000");
  EXPECT_EQ(cpu_max_of(1, 4), "max 100000");
}

}  // namespace
}  // namespace uebo::boinc
