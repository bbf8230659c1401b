#include "uebo/logs/clock_steps.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "../kernel/test_tree.hpp"

namespace uebo::logs {
namespace {

using namespace std::chrono;
using kernel::test::TestTree;

LogTime at(std::string_view text) { return parse_stamp(text).value_or(LogTime()); }

TEST(Stamp, IsReadAsItIsWritten) {
  for (const char* text : {"1970-01-01T00:00:00.000Z", "2026-11-23T10:00:00.123Z", "2099-12-31T23:59:59.999Z"}) {
    ASSERT_TRUE(parse_stamp(text)) << text;
    EXPECT_EQ(stamp(*parse_stamp(text)), text);
  }
}

TEST(Stamp, AnythingElseIsNone) {
  for (const char* text : {"", "2026-11-23", "2026-11-23T10:00:00.123", "2026-11-23 10:00:00.123Z",
                           "2026-13-23T10:00:00.123Z", "2026-11-23T10:00:00.1234Z", "x026-11-23T10:00:00.123Z"})
    EXPECT_FALSE(parse_stamp(text)) << text;
}

/// Begun in 1970, set to the image's day after 5 s, and by a time server 10 s later.
ClockSteps two_steps() {
  ClockSteps steps(at("1970-01-01T00:00:02.000Z"));
  steps.add({.before = at("1970-01-01T00:00:05.000Z"), .after = at("2026-01-01T00:00:00.000Z")});
  steps.add({.before = at("2026-01-01T00:00:10.000Z"), .after = at("2026-11-23T12:00:00.000Z")});
  return steps;
}

struct Corrected {
  const char* written;
  const char* meant;
};
class EarlyLine : public testing::TestWithParam<Corrected> {};
TEST_P(EarlyLine, GetsTheTimeThatItWouldHaveHad) {
  std::size_t passed = 0;
  EXPECT_EQ(stamp(two_steps().corrected(at(GetParam().written), passed)), GetParam().meant);
}
INSTANTIATE_TEST_SUITE_P(
    All, EarlyLine,
    testing::Values(Corrected{"1970-01-01T00:00:03.500Z", "2026-11-23T11:59:48.500Z"},    // before both
                    Corrected{"1970-01-01T00:00:05.000Z", "2026-11-23T11:59:50.000Z"},    // in the moment of the first
                    Corrected{"2026-01-01T00:00:04.000Z", "2026-11-23T11:59:54.000Z"},    // between them
                    Corrected{"2026-11-23T12:00:00.250Z", "2026-11-23T12:00:00.250Z"},    // after both
                    Corrected{"1980-01-01T00:00:00.000Z", "1980-01-01T00:00:00.000Z"}));  // nobody knows

TEST(ClockSteps, BackFromTheFutureAsWell) {
  ClockSteps steps(at("2099-06-01T00:00:00.000Z"));
  steps.add({.before = at("2099-06-01T00:00:20.000Z"), .after = at("2026-11-23T12:00:00.000Z")});
  std::size_t passed = 0;
  EXPECT_EQ(stamp(steps.corrected(at("2099-06-01T00:00:15.000Z"), passed)), "2026-11-23T11:59:55.000Z");
  EXPECT_EQ(stamp(steps.corrected(at("2026-11-23T12:00:01.000Z"), passed)), "2026-11-23T12:00:01.000Z");
  EXPECT_EQ(passed, 1U);
}

TEST(ClockSteps, OfATimeThatWasShownTwiceTheLineAboveTellsWhichIsMeant) {
  ClockSteps steps(at("2026-11-23T12:00:00.000Z"));
  steps.add({.before = at("2026-11-23T12:01:00.000Z"), .after = at("2026-11-23T12:00:30.000Z")});
  const LogTime twice = at("2026-11-23T12:00:40.000Z");
  std::size_t passed = 0;
  EXPECT_EQ(stamp(steps.corrected(twice, passed)), "2026-11-23T12:00:10.000Z");
  passed = 1;
  EXPECT_EQ(steps.corrected(twice, passed), twice);
}

TEST(ClockSteps, AreReadAsTheyAreWritten) {
  const ClockSteps read = ClockSteps::parse(two_steps().text());
  EXPECT_EQ(read.steps(), two_steps().steps());
  EXPECT_EQ(read.text(), two_steps().text());
  EXPECT_TRUE(ClockSteps::parse("nonsense\n1 2 3\n").steps().empty());
}

TEST(ClockSteps, OfManyTheNewestAreKept) {
  ClockSteps steps;
  for (int i = 0; i < 100; ++i) steps.add({.before = LogTime(seconds(10 * i)), .after = LogTime(seconds(10 * i + 5))});
  EXPECT_EQ(steps.steps().size(), ClockSteps::kMost);
  EXPECT_EQ(steps.steps().back().after, LogTime(995s));
}

TEST(ClockStepRecorder, WritesStepsDownAndNoDrift) {
  const TestTree tree;
  ClockStepRecorder recorder(tree.path());
  const LogTime wall = log_time_now();
  const TimePoint boot = BootClock::now();
  recorder.note(wall + 10s + 400ms, boot + 10s);
  EXPECT_TRUE(ClockSteps::load(tree.path()).steps().empty());
  recorder.note(wall + 24h, boot + 20s);
  const auto steps = ClockSteps::load(tree.path()).steps();
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].before, wall + 20s + 400ms);
  EXPECT_EQ(steps[0].after, wall + 24h);
}

}  // namespace
}  // namespace uebo::logs
