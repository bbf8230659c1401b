#include "uebo/event/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>

namespace uebo::event {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  void fill() const { EXPECT_EQ(write(write_end.get(), "x", 1), 1); }
  void empty() const {
    char byte = 0;
    EXPECT_EQ(read(read_end.get(), &byte, 1), 1);
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

class Loops : public testing::Test {
 protected:
  void watch(const Pipe& pipe, std::function<void()> handler, Priority priority = Priority::Normal) {
    ASSERT_TRUE(loop->watch(pipe.read_end.get(), EPOLLIN, [handler](std::uint32_t) { handler(); }, priority));
  }
  void turn() { ASSERT_TRUE(loop->run_once(0ms)); }

  std::unique_ptr<Loop> loop = Loop::create().value();
  std::vector<std::string> calls;
};

TEST_F(Loops, ServesWhatIsReadyUntilItIsTaken) {
  const Pipe pipe;
  watch(pipe, [&] { calls.emplace_back("a"); });
  turn();
  EXPECT_TRUE(calls.empty());
  pipe.fill();
  turn();
  turn();
  EXPECT_THAT(calls, ElementsAre("a", "a")) << "level-triggered";
  pipe.empty();
  turn();
  EXPECT_EQ(calls.size(), 2U);
}

TEST_F(Loops, WhatAHandlerThrowsEndsThatCallAlone) {
  const Pipe bad;
  const Pipe good;
  watch(bad, [] { throw std::bad_alloc(); }, Priority::Reap);
  watch(good, [&] { calls.emplace_back("good"); });
  bad.fill();
  good.fill();
  turn();
  EXPECT_THAT(calls, ElementsAre("good"));
  turn();
  EXPECT_EQ(calls.size(), 2U) << "both are still watched";
}

TEST_F(Loops, ATimerThatThrowsDoesNotStopTheOthers) {
  const TimePoint now = BootClock::now();
  loop->at(now, [] { throw std::runtime_error("the first"); });
  loop->at(now, [] { throw 7; });
  loop->at(now + 1ms, [&] { calls.emplace_back("the last"); });
  const TimePoint deadline = now + 10s;
  while (calls.empty() && BootClock::now() < deadline) ASSERT_TRUE(loop->run_once(10ms));
  EXPECT_THAT(calls, ElementsAre("the last"));
}

TEST_F(Loops, ReapingRunsFirst) {
  const Pipe normal;
  const Pipe reap;
  watch(normal, [&] { calls.emplace_back("normal"); });
  watch(reap, [&] { calls.emplace_back("reap"); }, Priority::Reap);
  normal.fill();
  reap.fill();
  turn();
  EXPECT_THAT(calls, ElementsAre("reap", "normal"));
}

TEST_F(Loops, AHandlerMayRemoveAnyWatchItsOwnToo) {
  const Pipe first;
  const Pipe second;
  watch(
      first,
      [&] {
        calls.emplace_back("first");
        loop->remove(first.read_end.get());
        loop->remove(second.read_end.get());
      },
      Priority::Reap);
  watch(second, [&] { calls.emplace_back("second"); });
  first.fill();
  second.fill();
  turn();
  turn();
  EXPECT_THAT(calls, ElementsAre("first"));
}

TEST_F(Loops, ADescriptorThatIsReusedInTheSameTurnIsANewWatch) {
  const Pipe first;
  const Pipe third;
  third.fill();
  Pipe second;
  const int number = second.read_end.get();
  watch(
      first,
      [&] {
        loop->remove(number);
        ASSERT_EQ(dup2(third.read_end.get(), number), number);
        ASSERT_TRUE(loop->watch(number, EPOLLIN, [&](std::uint32_t) { calls.emplace_back("new"); }));
        loop->remove(first.read_end.get());
      },
      Priority::Reap);
  watch(second, [&] { calls.emplace_back("old"); });
  first.fill();
  second.fill();
  turn();
  EXPECT_TRUE(calls.empty()) << "what was ready was the old one";
  turn();
  EXPECT_THAT(calls, ElementsAre("new"));
}

TEST_F(Loops, WatchingABadDescriptorIsAnError) {
  const auto result = loop->watch(-1, EPOLLIN, [](std::uint32_t) {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, EBADF);
  loop->remove(4711);
}

TEST_F(Loops, TimersFireInTheOrderOfTheirTimes) {
  const TimePoint now = BootClock::now();
  loop->at(now + 2ms, [&] { calls.emplace_back("later"); });
  loop->at(now + 1ms, [&] { calls.emplace_back("sooner"); });
  loop->at(now - 1h, [&] { calls.emplace_back("past"); });
  while (calls.size() < 3) ASSERT_TRUE(loop->run_once(1s));
  EXPECT_THAT(calls, ElementsAre("past", "sooner", "later"));
  EXPECT_GE(BootClock::now(), now + 2ms);
}

TEST_F(Loops, ATimerOfTheDistantPastStillFires) {
  loop->at(TimePoint{}, [&] { calls.emplace_back("zero"); });
  ASSERT_TRUE(loop->run_once(1s));
  EXPECT_THAT(calls, ElementsAre("zero"));
}

TEST_F(Loops, ACancelledTimerIsSilent) {
  const TimePoint now = BootClock::now();
  const auto id = loop->at(now, [&] { calls.emplace_back("cancelled"); });
  loop->at(now, [&] { calls.emplace_back("kept"); });
  loop->cancel(id);
  loop->cancel(id);
  ASSERT_TRUE(loop->run_once(1s));
  ASSERT_TRUE(loop->run_once(0ms));
  EXPECT_THAT(calls, ElementsAre("kept"));
}

TEST_F(Loops, ATimerMayCancelAnotherThatIsDueAndSetANewOne) {
  const TimePoint now = BootClock::now();
  std::optional<Loop::TimerId> other;
  loop->at(now, [&] {
    loop->cancel(*other);
    loop->at(BootClock::now() + 1ms, [&] { calls.emplace_back("new"); });
    calls.emplace_back("first");
  });
  other = loop->at(now, [&] { calls.emplace_back("other"); });
  while (calls.size() < 2) ASSERT_TRUE(loop->run_once(1s));
  EXPECT_THAT(calls, ElementsAre("first", "new"));
}

TEST_F(Loops, NothingWakesItWithoutATimer) {
  loop->cancel(loop->at(BootClock::now(), [&] { calls.emplace_back("cancelled"); }));
  const TimePoint before = BootClock::now();
  ASSERT_TRUE(loop->run_once(5ms));
  EXPECT_GE(BootClock::now() - before, 5ms) << "the whole wait";
  EXPECT_TRUE(calls.empty());
}

TEST_F(Loops, RunsUntilItIsStopped) {
  loop->at(BootClock::now(), [&] { loop->stop(); });
  EXPECT_TRUE(loop->run());
}

TEST_F(Loops, SignalsComeAsADescriptor) {
  const auto signals = signal_descriptor({SIGUSR1});
  ASSERT_TRUE(signals);
  int seen = 0;
  ASSERT_TRUE(loop->watch(signals->get(), EPOLLIN, [&](std::uint32_t) {
    signalfd_siginfo info{};
    ASSERT_EQ(read(signals->get(), &info, sizeof info), static_cast<ssize_t>(sizeof info));
    seen = static_cast<int>(info.ssi_signo);
  }));
  ASSERT_EQ(raise(SIGUSR1), 0);
  ASSERT_TRUE(loop->run_once(1s));
  EXPECT_EQ(seen, SIGUSR1);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace
}  // namespace uebo::event
