#include "uebo/init/watchdog_feeder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../kernel/fake_watchdog.hpp"

namespace uebo::init {
namespace {

using namespace std::chrono_literals;
using kernel::test::FakeDevice;
using kernel::test::FakeWatchdog;
using testing::ElementsAre;

/// A feeder of a fake device with the shortest time-out that there is, 1 s, asking a node that answers or does not.
class Feeding : public testing::Test {
 protected:
  WatchdogFeeder::Opener opener() {
    return [this]() -> Result<std::unique_ptr<kernel::WatchdogCalls>> {
      if (open_error != 0) return fail(open_error, "open", "/dev/watchdog0");
      return std::make_unique<FakeWatchdog>(device);
    };
  }
  WatchdogFeeder::Question question() {
    return [this](std::function<void()> answered) -> Result<> {
      ++questions;
      if (answers) answered();
      unanswered = std::move(answered);
      return {};
    };
  }
  template <class Condition>
  bool until(Condition condition, Duration limit = 10s) {
    const TimePoint deadline = BootClock::now() + limit;
    while (!condition()) {
      if (BootClock::now() > deadline) return false;
      if (!loop->run_once(10ms)) return false;
    }
    return true;
  }

  FakeDevice device{.timeout = 1, .longest = 1};
  int open_error = 0;
  bool answers = true;
  int questions = 0;
  std::function<void()> unanswered;
  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  WatchdogFeeder feeder{1s, opener()};
};

TEST_F(Feeding, OncePerThirdOfTheTimeout) {
  ASSERT_TRUE(feeder.arm());
  const TimePoint began = BootClock::now();
  feeder.follow(*loop, question());
  EXPECT_EQ(device.feeds, 1) << "at once";
  ASSERT_TRUE(until([&] { return device.feeds == 4; }));
  const auto took = BootClock::now() - began;
  EXPECT_GE(took, 990ms);
  EXPECT_LT(took, 2s);
  EXPECT_EQ(feeder.status().feeds, 4u);
  EXPECT_EQ(feeder.status().withheld, 0u);
}

TEST_F(Feeding, IsWithheldWhilePid1DoesNotAnswerItself) {
  answers = false;
  ASSERT_TRUE(feeder.arm());
  feeder.follow(*loop, question());
  ASSERT_TRUE(until([&] { return feeder.status().withheld == 2; }));
  EXPECT_EQ(device.feeds, 0) << "the loop turned, and nobody answered";
}

TEST_F(Feeding, ALateAnswerFeedsAtOnce) {
  answers = false;
  ASSERT_TRUE(feeder.arm());
  feeder.follow(*loop, question());
  ASSERT_TRUE(until([&] { return feeder.status().withheld == 1; }));
  unanswered();
  EXPECT_EQ(device.feeds, 1);
  answers = true;
  ASSERT_TRUE(until([&] { return device.feeds == 2; }));
  EXPECT_EQ(feeder.status().withheld, 1u) << "and that is over";
}

TEST_F(Feeding, ALoopThatDoesNotTurnFeedsNothing) {
  ASSERT_TRUE(feeder.arm());
  feeder.follow(*loop, question());
  const int fed = device.feeds;
  const TimePoint later = BootClock::now() + 700ms;
  while (BootClock::now() < later) continue;
  EXPECT_EQ(device.feeds, fed);
}

TEST_F(Feeding, WithoutAWatchdogNothingIsAsked) {
  for (const int error : {ENOENT, ENXIO, ENODEV}) {
    open_error = error;
    EXPECT_TRUE(feeder.arm()) << "no error";
  }
  feeder.follow(*loop, question());
  EXPECT_EQ(questions, 0);
  EXPECT_FALSE(feeder.status().armed);
  feeder.feed();
  feeder.disarm();
}

TEST_F(Feeding, OneThatCannotBeOpenedIsAnError) {
  open_error = EBUSY;
  EXPECT_FALSE(feeder.arm());
}

TEST_F(Feeding, AWatchdogThatComesLateIsFedFromThenOn) {
  open_error = ENOENT;
  ASSERT_TRUE(feeder.arm());
  feeder.follow(*loop, question());
  open_error = 0;
  ASSERT_TRUE(feeder.arm());
  EXPECT_TRUE(feeder.status().armed);
  ASSERT_TRUE(until([&] { return device.feeds == 2; }));
  ASSERT_TRUE(feeder.arm());
  EXPECT_EQ(std::ranges::count(device.done, "arm"), 1) << "a second device that comes is none of its business";
}

TEST_F(Feeding, OffLeavesTheWatchdogAlone) {
  WatchdogFeeder off(watchdog_timeout("off"), opener());
  ASSERT_TRUE(off.arm());
  EXPECT_FALSE(off.status().armed);
  EXPECT_TRUE(device.done.empty());
}

TEST_F(Feeding, IsFedLastAndNotStoppedBeforeAReboot) {
  ASSERT_TRUE(feeder.arm());
  feeder.stay_armed();
  EXPECT_THAT(device.done, ElementsAre("arm", "feed"));
}

TEST_F(Feeding, IsStoppedBeforeAPowerOff) {
  ASSERT_TRUE(feeder.arm());
  feeder.follow(*loop, question());
  feeder.disarm();
  EXPECT_THAT(device.done, ElementsAre("arm", "feed", "disable", "V", "close"));
  EXPECT_FALSE(feeder.status().armed);
  feeder.feed();
  EXPECT_EQ(device.done.back(), "close") << "whoever writes to it would start it again";
}

TEST(WatchdogTimeout, IsWhatTheArgumentSays) {
  EXPECT_EQ(watchdog_timeout("off"), std::nullopt);
  EXPECT_EQ(watchdog_timeout("30s"), 30s);
  EXPECT_EQ(watchdog_timeout("2m"), 120s);
  EXPECT_EQ(watchdog_timeout("5500ms"), 6s);
}

}  // namespace
}  // namespace uebo::init
