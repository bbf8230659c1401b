#include "uebo/supervise/log_collector.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <functional>

#include "../kernel/test_tree.hpp"

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;
using kernel::test::TestTree;
using testing::HasSubstr;

class LogCollectors : public testing::Test {
 protected:
  /// The writing end, without blocking: a full pipe is seen as such.
  int writer(const std::string& service) {
    const int fd = collector.writer(service, {.size = 64 * 1024, .count = 3}).value_or(-1);
    EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
  }
  /// "SERVICE 1", "SERVICE 2" and so on, as many as the pipe takes. Returns the number of the last one.
  static int fill(int fd, const std::string& service, int number = 0) {
    for (;; ++number) {
      const std::string line = service + " " + std::to_string(number + 1) + std::string(80, '.') + "\n";
      if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return number;
    }
  }
  static std::size_t in_pipe(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 ? static_cast<std::size_t>(count) : 0;
  }
  bool until(const std::function<bool()>& reached) const {
    const TimePoint deadline = BootClock::now() + 10s;
    while (!reached() && BootClock::now() < deadline)
      if (!loop->run_once(100ms)) return false;
    return reached();
  }
  void turn() const { ASSERT_TRUE(loop->run_once(0ms)); }
  /// A pipe of the largest size that is full; returns the number of the last line.
  int flood(int fd, const std::string& service) {
    const int first = fill(fd, service);
    EXPECT_TRUE(until([&] { return in_pipe(fd) == 0; }));
    return fill(fd, service, first);
  }

  TestTree tree;
  std::unique_ptr<event::Loop> loop = *event::Loop::create();
  LogCollector collector{*loop, tree.path()};
};

TEST_F(LogCollectors, APipeThatWasFoundFullIsMadeLarger) {
  const int quiet = writer("quiet");
  const int loud = writer("loud");
  ASSERT_GT(write(quiet, "x\n", 2), 0);
  const int before = fcntl(loud, F_GETPIPE_SZ);
  fill(loud, "loud");
  ASSERT_TRUE(until([&] { return in_pipe(loud) == 0; }));
  EXPECT_GT(fcntl(loud, F_GETPIPE_SZ), before);
  EXPECT_EQ(fcntl(quiet, F_GETPIPE_SZ), before);
}

TEST_F(LogCollectors, OfAFloodTheEndIsKeptAndTheRestCounted) {
  const int fd = writer("loud");
  const int last = flood(fd, "loud");
  ASSERT_GT(in_pipe(fd), LogCollector::kMostKept);
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  const ServiceLog& log = *collector.find("loud");
  EXPECT_EQ(log.lines(), static_cast<std::uint64_t>(last));
  EXPECT_THAT(log.last_line(), HasSubstr("loud " + std::to_string(last) + "."));
  EXPECT_GT(log.dropped(), 1000U);
  const std::string text = tree.read("loud/current") + tree.read("loud/current.1");
  EXPECT_THAT(text, HasSubstr("(" + std::to_string(log.dropped()) + " lines were lost here)\n"));
  // Whole lines: the first after the gap is the one behind those that were lost.
  const auto kept_of_end = static_cast<int>(LogCollector::kTail / (80 + 12));
  EXPECT_THAT(text, HasSubstr(" loud " + std::to_string(last - kept_of_end / 2) + "."));
}

TEST_F(LogCollectors, TheLineThatAFloodBeginsInIsKept) {
  const int fd = writer("loud");
  const int first = fill(fd, "loud");
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  const std::string begin = "the cause: ";
  ASSERT_GT(write(fd, begin.data(), begin.size()), 0);
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  ASSERT_GT(write(fd, "no memory\n", 10), 0);
  fill(fd, "loud", first);
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  EXPECT_GT(collector.find("loud")->dropped(), 0U);
  EXPECT_THAT(tree.read("loud/current") + tree.read("loud/current.1"), HasSubstr(" the cause: no memory\n"));
}

TEST_F(LogCollectors, AFloodWithoutLinesIsBounded) {
  const int fd = writer("loud");
  fill(fd, "loud");
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  const std::string block(4096, 'x');
  while (write(fd, block.data(), block.size()) > 0) continue;
  const auto before = collector.find("loud")->lines();
  ASSERT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  EXPECT_LE(collector.find("loud")->lines() - before, 6U) << "the first 4 KiB and the last 16";
}

TEST_F(LogCollectors, AFloodIsLeftAloneForAWhileAfterEachLook) {
  const std::string much(20 * 1024, 'x');
  bool in_time = false;
  for (int attempt = 0; !in_time && attempt < 100; ++attempt) {  // on a busy machine the while is over too soon
    const int fd = writer("loud" + std::to_string(attempt));
    ASSERT_EQ(write(fd, much.data(), much.size()), static_cast<ssize_t>(much.size()));
    const TimePoint before_the_look = BootClock::now();
    turn();
    ASSERT_EQ(in_pipe(fd), 0U);
    ASSERT_GT(write(fd, "x\n", 2), 0);
    turn();
    const bool left_alone = in_pipe(fd) > 0;
    in_time = BootClock::now() - before_the_look < 10ms;
    EXPECT_TRUE(left_alone || !in_time);
    EXPECT_TRUE(until([&] { return in_pipe(fd) == 0; }));
  }
  EXPECT_TRUE(in_time);
}

TEST_F(LogCollectors, LineByLineWakesNobodyMoreThanAHundredTimesASecond) {
  const int fd = writer("chatty");
  const TimePoint began = BootClock::now();
  std::uint64_t looks = 0;
  std::uint64_t seen = 0;
  while (BootClock::now() - began < 200ms) {
    ASSERT_GT(write(fd, "x\n", 2), 0);
    turn();
    const auto lines = collector.find("chatty")->lines();
    looks += lines > seen ? 1 : 0;
    seen = lines;
  }
  const auto took = BootClock::now() - began;
  EXPECT_LE(looks, static_cast<std::uint64_t>(took / 10ms) + 2);
  EXPECT_GT(looks, 1U);
}

TEST_F(LogCollectors, OthersAreHeardBetweenTwoLooksAtAFlood) {
  const int loud = writer("loud");
  const int quiet = writer("quiet");
  int number = 0;
  for (int i = 0; i < 20; ++i) {
    number = fill(loud, "loud", number);
    ASSERT_GT(write(quiet, "x\n", 2), 0);
    ASSERT_TRUE(until([&] { return in_pipe(quiet) == 0; }));
  }
  EXPECT_EQ(collector.find("quiet")->lines(), 20U);
}

TEST_F(LogCollectors, LastWordsAreReadAtOnceHoweverLoudTheServiceWas) {
  const int fd = writer("loud");
  const int first = fill(fd, "loud");
  turn();
  const int last = fill(fd, "loud", first);
  ASSERT_GT(write(fd, "end", 3), -2);
  collector.drain("loud");
  EXPECT_EQ(in_pipe(fd), 0U);
  EXPECT_GE(collector.find("loud")->lines(), static_cast<std::uint64_t>(last));
}

TEST_F(LogCollectors, AStreamCanGoWhileItRests) {
  const int fd = writer("loud");
  fill(fd, "loud");
  turn();
  collector.remove("loud");
  EXPECT_EQ(collector.find("loud"), nullptr);
  EXPECT_TRUE(loop->run_once(30ms));
}

}  // namespace
}  // namespace uebo::supervise
