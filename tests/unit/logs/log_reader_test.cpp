#include "uebo/logs/log_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../kernel/test_tree.hpp"
#include "uebo/supervise/service_log.hpp"

namespace uebo::logs {
namespace {

using kernel::test::TestTree;
using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

/// Without the time in front.
Lines texts(Lines lines) {
  for (std::string& line : lines) line.erase(0, line.find(' ') + 1);
  return lines;
}

class LogReaderTest : public testing::Test {
 protected:
  void append(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(tree.path("boinc"));
    std::ofstream(tree.path("boinc/" + name), std::ios::app | std::ios::binary) << text;
  }
  void rotate() const {
    for (int age = 9; age > 0; --age)
      if (std::filesystem::exists(file(age))) std::filesystem::rename(file(age), file(age + 1));
    if (std::filesystem::exists(file(0))) std::filesystem::rename(file(0), file(1));
  }
  [[nodiscard]] std::string file(int age) const {
    return tree.path("boinc/current") + (age == 0 ? "" : "." + std::to_string(age));
  }

  TestTree tree;
  LogReader reader{tree.path("boinc")};
};

TEST_F(LogReaderTest, NoLogIsEmpty) {
  EXPECT_EQ(reader.last_lines(10), Lines{});
  EXPECT_EQ(reader.new_lines(), Lines{});
}

TEST_F(LogReaderTest, LastLinesComeFromRotatedFilesToo) {
  append("current.10", "0\n");
  append("current.2", "1\n2\n");
  append("current.1", "3\n4\n");
  append("current", "5\n");
  append("current.x", "no\n");
  append("currently", "no\n");
  EXPECT_EQ(reader.last_lines(100), (Lines{"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(reader.last_lines(2), (Lines{"4", "5"}));
  EXPECT_EQ(reader.last_lines(4), (Lines{"2", "3", "4", "5"}));
  EXPECT_EQ(reader.last_lines(0), Lines{});
}

TEST_F(LogReaderTest, NewLinesAreThoseThatWereWrittenSince) {
  append("current", "1\n2\n");
  EXPECT_EQ(reader.last_lines(1), Lines{"2"});
  EXPECT_EQ(reader.new_lines(), Lines{});
  append("current", "3\n4\n");
  EXPECT_EQ(reader.new_lines(), (Lines{"3", "4"}));
  EXPECT_EQ(reader.new_lines(), Lines{});
}

TEST_F(LogReaderTest, HalfALineWaitsForItsEnd) {
  append("current", "1\nha");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  append("current", "lf");
  EXPECT_EQ(reader.new_lines(), Lines{});
  append("current", "!\n");
  EXPECT_EQ(reader.new_lines(), Lines{"half!"});
}

TEST_F(LogReaderTest, HalfALineThatIsTakenBackIsForgotten) {
  append("current", "1\nha");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  std::filesystem::resize_file(file(0), 2);
  EXPECT_EQ(reader.new_lines(), Lines{});
  append("current", "2\n");
  EXPECT_EQ(reader.new_lines(), Lines{"2"});
}

TEST_F(LogReaderTest, FollowsOneRotation) {
  append("current", "1\n");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  append("current", "2\n");
  rotate();
  append("current", "3\n");
  EXPECT_EQ(reader.new_lines(), (Lines{"2", "3"}));
  append("current", "4\n");
  EXPECT_EQ(reader.new_lines(), Lines{"4"});
}

TEST_F(LogReaderTest, FollowsSeveralRotationsAtOnce) {
  append("current", "1\n");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  for (int i = 2; i < 6; ++i) {
    rotate();
    append("current", std::to_string(i) + "\n");
  }
  EXPECT_EQ(reader.new_lines(), (Lines{"2", "3", "4", "5"}));
  EXPECT_EQ(reader.new_lines(), Lines{});
}

TEST_F(LogReaderTest, ShowsAllThatIsLeftWhenItsOwnFileHasGone) {
  append("current", "1\n");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  rotate();
  append("current", "2\n");
  rotate();
  append("current", "3\n");
  std::filesystem::remove(file(2));
  EXPECT_EQ(reader.new_lines(), (Lines{"2", "3"}));
}

TEST_F(LogReaderTest, SurvivesTheMomentWithoutACurrentFile) {
  append("current", "1\n");
  EXPECT_EQ(reader.last_lines(10), Lines{"1"});
  append("current", "2\n");
  rotate();
  EXPECT_EQ(reader.new_lines(), Lines{"2"});
  EXPECT_EQ(reader.new_lines(), Lines{});
  append("current", "3\n");
  EXPECT_EQ(reader.new_lines(), Lines{"3"});
}

TEST_F(LogReaderTest, BeginsWithALogThatIsMadeLater) {
  EXPECT_EQ(reader.last_lines(10), Lines{});
  append("current", "1\n");
  EXPECT_EQ(reader.new_lines(), Lines{"1"});
}

TEST_F(LogReaderTest, LosesNothingOfWhatTheSupervisorWrites) {
  supervise::ServiceLog log(tree.path("boinc"), {.size = 200, .count = 4});
  EXPECT_EQ(reader.last_lines(0), Lines{});
  Lines written;
  Lines read;
  for (int i = 0; i < 500; ++i) {
    written.push_back("line " + std::to_string(i));
    log.append(written.back() + "\n");
    if (i % 7 == 0)
      for (std::string& line : texts(reader.new_lines())) read.push_back(std::move(line));
  }
  for (std::string& line : texts(reader.new_lines())) read.push_back(std::move(line));
  EXPECT_EQ(read, written);
}

TEST_F(LogReaderTest, WatchTellsOfNewLinesAndOfRotation) {
  append("current", "1\n");
  auto watch = LogWatch::create();
  ASSERT_TRUE(watch);
  ASSERT_TRUE(watch->add(reader.directory()));
  EXPECT_EQ(watch->wait(milliseconds(0)), false);
  append("current", "2\n");
  EXPECT_EQ(watch->wait(milliseconds(1000)), true);
  EXPECT_EQ(watch->wait(milliseconds(0)), false);
  rotate();
  EXPECT_EQ(watch->wait(milliseconds(1000)), true);
}

TEST_F(LogReaderTest, WatchTellsOfADirectoryThatIsMadeLater) {
  auto watch = LogWatch::create();
  ASSERT_TRUE(watch);
  ASSERT_TRUE(watch->add(reader.directory()));
  append("current", "1\n");
  EXPECT_EQ(watch->wait(milliseconds(1000)), true);
  ASSERT_TRUE(watch->add(reader.directory()));
  append("current", "2\n");
  EXPECT_EQ(watch->wait(milliseconds(1000)), true);
}

}  // namespace
}  // namespace uebo::logs
