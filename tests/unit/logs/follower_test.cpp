#include "uebo/logs/follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

#include "../kernel/test_tree.hpp"
#include "uebo/logs/rotated_files.hpp"

namespace uebo::logs {
namespace {

using kernel::test::TestTree;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class Followers : public testing::Test {
 protected:
  void SetUp() override { restart(); }
  void restart(Positions from = {}) {
    auto made = Follower::create(tree.path(), std::move(from));
    ASSERT_TRUE(made);
    follower = std::make_unique<Follower>(*std::move(made));
  }
  /// Written at second `second` of a minute.
  void log(const std::string& service, int second, const std::string& text) {
    auto& files =
        logs.try_emplace(service, tree.path(service), config::LogLimits{.size = 200, .count = 3}).first->second;
    const LogTime time =
        LogTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + std::chrono::seconds(second);
    EXPECT_TRUE(files.write(stamp(time) + " " + text + "\n").result);
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (auto lines = follower->new_lines(); !lines.empty(); lines = follower->new_lines())
      for (LogLine& line : lines) {
        positions[line.service] = line.end;
        all.push_back(line.service + ": " + line.text);
      }
    return all;
  }
  bool has_sign() const {
    pollfd item{.fd = follower->descriptor(), .events = POLLIN, .revents = 0};
    return poll(&item, 1, 0) == 1;
  }

  TestTree tree;
  std::unique_ptr<Follower> follower;
  std::map<std::string, RotatedFiles> logs;
  Positions positions;  // behind what texts() has returned
};

TEST_F(Followers, ReadsAllLogsInTheOrderOfTheirTimes) {
  log("boinc", 1, "one");
  log("uebo", 2, "two");
  log("boinc", 3, "three");
  EXPECT_THAT(texts(), ElementsAre("boinc: one", "uebo: two", "boinc: three"));
  EXPECT_THAT(texts(), IsEmpty());
  log("dropbear", 5, "five");  // a log that is made later
  log("boinc", 4, "four");
  EXPECT_THAT(texts(), ElementsAre("boinc: four", "dropbear: five"));
}

TEST_F(Followers, TellsThatALogHasGrown) {
  log("boinc", 1, "one");
  EXPECT_TRUE(has_sign());
  EXPECT_EQ(texts().size(), 1U);
  EXPECT_FALSE(has_sign());
  log("boinc", 2, "two");
  EXPECT_TRUE(has_sign());
}

TEST_F(Followers, LosesNothingToRotation) {
  std::vector<std::string> read;
  std::vector<std::string> written;
  for (int i = 0; i < 200; ++i) {
    written.push_back("boinc: line " + std::to_string(i));
    log("boinc", i, "line " + std::to_string(i));
    if (i % 5 == 0) std::ranges::move(texts(), std::back_inserter(read));
  }
  std::ranges::move(texts(), std::back_inserter(read));
  EXPECT_EQ(read, written);
}

TEST_F(Followers, GoesOnWhereAnEarlierOneStood) {
  log("boinc", 1, "one");
  log("boinc", 2, "two");
  EXPECT_EQ(texts().size(), 2U);
  ASSERT_TRUE(save_positions(tree.path("state"), positions));
  std::vector<std::string> later;
  for (int i = 3; i < 17; ++i) {
    log("boinc", i, "later " + std::to_string(i));
    later.push_back("boinc: later " + std::to_string(i));
  }
  ASSERT_TRUE(std::filesystem::exists(tree.path("boinc/current.2"))) << "it has one file to go through on its way";
  restart(load_positions(tree.path("state")));
  EXPECT_EQ(texts(), later);
}

TEST_F(Followers, SaysWhereLinesWereLostBeforeTheyWereRead) {
  log("boinc", 1, "one");
  EXPECT_EQ(texts().size(), 1U);
  for (int i = 2; i < 100; ++i) log("boinc", i, "later " + std::to_string(i));
  restart(positions);
  const auto read = texts();
  ASSERT_GT(read.size(), 2U);
  EXPECT_THAT(read[0], StartsWith("boinc: (lines were lost here"));
  EXPECT_THAT(read[1], StartsWith("boinc: later"));
  EXPECT_EQ(read.back(), "boinc: later 99");
}

TEST_F(Followers, LeavesAPieceOfALineUntilItIsWhole) {
  log("boinc", 1, "one");
  EXPECT_EQ(texts().size(), 1U);
  const auto append = [&](const std::string& text) {
    std::ofstream(tree.path("boinc/current"), std::ios::app | std::ios::binary) << text;
  };
  append("2026-11-23T00:00:02.000Z ha");
  EXPECT_THAT(texts(), IsEmpty());
  append("lf\n");
  EXPECT_THAT(texts(), ElementsAre("boinc: half"));
}

TEST_F(Followers, ALogLargerThanOneReadComesInPieces) {
  RotatedFiles large(tree.path("large"), {.size = 1 << 20, .count = 2});
  for (int i = 0; i < 1000; ++i) {
    const auto written =
        large.write("2026-11-23T00:00:02.000Z line " + std::to_string(i) + std::string(80, '.') + "\n");
    ASSERT_TRUE(written.result);
  }
  EXPECT_LT(follower->new_lines().size(), 1000U);
  EXPECT_LT(texts().size(), 1000U);
  EXPECT_THAT(texts(), IsEmpty());
}

TEST_F(Followers, CorrectsEarlyTimes) {
  ClockSteps steps(LogTime{});
  const LogTime set_to(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  steps.add({.before = LogTime(std::chrono::seconds(10)), .after = set_to});
  tree.write(kClockStepsName, steps.text());
  tree.write("boinc/current", "1970-01-01T00:00:07.000Z early\n2026-11-23T00:00:01.000Z late\n");
  const auto lines = follower->new_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].time, set_to - std::chrono::seconds(3));
  EXPECT_EQ(lines[1].time, set_to + std::chrono::seconds(1));
}

TEST_F(Followers, DamagedPositionsAreNone) {
  EXPECT_TRUE(load_positions(tree.path("none")).empty());
  EXPECT_TRUE(load_positions(tree.write("state", "boinc x y\n")).empty());
}

}  // namespace
}  // namespace uebo::logs
