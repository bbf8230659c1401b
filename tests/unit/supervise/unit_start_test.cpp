// When a unit begins a run: what it wants, how often it may begin, and how long it goes on trying.
#include "unit_life.hpp"

namespace uebo::supervise::test {
namespace {

/// A unit that wants something, its needs met.
class WantingLife : public UnitLife {
 protected:
  WantingLife() { unit.policy.has_wants = true; }
};

TEST_F(WantingLife, WaitsForWhatItWants) {
  EXPECT_THAT(feed_all({NeedsMet{}, WantUp{}}), IsEmpty());
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(feed(WantsMet{}), ElementsAre(Action::LaunchMain));
}

TEST_F(WantingLife, StartsWithoutItWhenItsPatienceIsOverAndSaysSo) {
  feed_all({WantUp{}, NeedsMet{}});
  EXPECT_EQ(deadline(unit), now + kLongestWant);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::ReportWants, Action::LaunchMain));
}

TEST_F(WantingLife, ItsPatienceBeginsWhenItsNeedsAreMet) {
  feed(WantUp{});
  EXPECT_EQ(deadline(unit), std::nullopt);
  pass(1h);
  EXPECT_THAT(feed(WantsMet{}), IsEmpty());
  feed(NeedsLost{});
  EXPECT_EQ(in<Waiting>().since, now - 1h);
  feed(NeedsMet{});
  EXPECT_EQ(deadline(unit), now + kLongestWant);
  feed(NeedsLost{});
  EXPECT_EQ(deadline(unit), std::nullopt);
}

TEST_F(WantingLife, ARestartByItselfDoesNotWaitAgainButAStartByPeopleDoes) {
  feed_all({NeedsMet{}, WantUp{}, WantsMet{}, Launched{}});
  EXPECT_THAT(feed_all({main_exits(exit_code(1)), CgroupEmpty{}}),
              ElementsAre(Action::AnnounceDown, Action::KillCgroup, Action::AnnounceSettled, Action::LaunchMain));
  feed_all({Launched{}, WantDown{}, main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
  EXPECT_THAT(feed(WantUp{}), IsEmpty());
  EXPECT_EQ(state(), "waiting");
}

TEST_F(WantingLife, CanBeStoppedWhileItWaits) {
  feed_all({NeedsMet{}, WantUp{}, WantDown{}});
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(deadline(unit), std::nullopt);
}

// --- how often

TEST_F(JobLife, AFloodOfTriggersGivesOneRunASecondAfterAFewAtOnce) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  const TimePoint begin = now;
  unsigned runs = 0;
  for (int i = 0; i < 1000; ++i) {  // one each 10 ms: 10 s of it
    pass(10ms);
    if (const auto due = deadline(unit); due && *due <= now) feed(DeadlinePassed{});
    feed(Trigger{});
    if (state() != "starting") continue;
    ++runs;
    finish(0);
  }
  EXPECT_GE(runs, 10U);
  EXPECT_LE(runs, 10U + kStartBurst);
  EXPECT_EQ(now - begin, 10s);
  EXPECT_TRUE(unit.up);
  ASSERT_TRUE(deadline(unit)) << "the last trigger has its run, too";
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::LaunchMain));
}

TEST_F(JobLife, TheTriggerOfARunThatIsBoundedIsNotLost) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(1);
  for (int i = 1; i < kStartBurst; ++i) {
    feed(Trigger{});
    finish(1);
  }
  EXPECT_THAT(feed_all({Trigger{}, Trigger{}}), IsEmpty());
  EXPECT_EQ(state(), "failed");
  EXPECT_EQ(deadline(unit), now + kStartPause);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::LaunchMain));
  feed(Launched{});
  feed(Trigger{});
  EXPECT_THAT(feed_all({main_exits(exit_code(1)), CgroupEmpty{}}), ElementsAre(Action::KillCgroup, Action::ReportRun));
  EXPECT_EQ(deadline(unit), now + kStartPause) << "one that came during the run, either";
}

TEST_F(JobLife, AStopTakesATriggerThatIsBoundedBack) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  for (int i = 0; i < kStartBurst; ++i) {
    feed(Trigger{});
    if (state() == "starting") finish(0);
  }
  ASSERT_TRUE(deadline(unit));
  feed(WantDown{});
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(deadline(unit), std::nullopt);
}

TEST_F(JobLife, ATriggerComesBeforeTheEndOfABackoff) {
  unit.policy.restart = RestartPolicy::OnFailure;
  feed_all({NeedsMet{}, WantUp{}});
  finish(1);
  finish(1);
  ASSERT_EQ(state(), "backoff");
  EXPECT_THAT(feed(Trigger{}), ElementsAre(Action::LaunchMain));
  EXPECT_EQ(unit.failures, 2U) << "it has not worked yet";
}

TEST_F(UnitLife, ANeedThatGoesAndComesBackDoesNotSkipTheBackoff) {
  run();
  for (int i = 0; i < 4; ++i) {
    fail_once();
    if (state() != "starting") pass_deadline();
  }
  fail_once();
  ASSERT_EQ(state(), "crash-loop");
  const TimePoint next_try = deadline(unit).value();
  feed(NeedsLost{});
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(feed(NeedsMet{}), IsEmpty());
  EXPECT_EQ(state(), "crash-loop");
  EXPECT_EQ(deadline(unit), next_try);
  feed(NeedsLost{});
  now = next_try;
  EXPECT_THAT(feed(NeedsMet{}), ElementsAre(Action::LaunchMain)) << "it is over by now";
}

TEST_F(UnitLife, ANeedThatFlapsStartsItOnceASecondAfterAFewTimes) {
  feed(WantUp{});
  unsigned starts = 0;
  for (int i = 0; i < 200; ++i) {  // 10 s of it
    pass(50ms);
    if (const auto due = deadline(unit); due && *due <= now) feed(DeadlinePassed{});
    feed(NeedsMet{});
    if (state() == "starting") {
      ++starts;
      feed(Launched{});
    }
    feed(NeedsLost{});
    if (state() == "stopping") feed_all({main_exits(exit_code(0)), CgroupEmpty{}});
  }
  EXPECT_GE(starts, 10U);
  EXPECT_LE(starts, 10U + kStartBurst);
}

TEST_F(UnitLife, AnOrderOfPeopleIsNotBounded) {
  feed(NeedsMet{});
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(feed(WantUp{}), ElementsAre(Action::LaunchMain));
    feed_all({Launched{}, WantDown{}, main_exits(exit_code(0)), CgroupEmpty{}});
  }
}

// --- how long

TEST_F(UnitLife, ACrashLoopIsTriedForAsLongAsItLastsAndEndsWithAStableRun) {
  jitter = 0.99;
  run();
  const TimePoint begin = now;
  while (now - begin < std::chrono::hours(24 * 30)) {
    fail_once();
    if (state() == "starting") continue;
    ASSERT_EQ(state(), unit.failures < kCrashLoopFailures ? "backoff" : "crash-loop");
    ASSERT_LE(deadline(unit).value() - now, unit.policy.longest_backoff * 11 / 10);
    pass_deadline();
    ASSERT_EQ(state(), "starting");
  }
  EXPECT_GT(unit.failures, 30U * 24 * 10);
  feed(Launched{});
  pass(kStableRun);
  EXPECT_EQ(failures_in_a_row(unit, now), 0U);
  feed_all({main_exits(exit_code(1)), CgroupEmpty{}});
  EXPECT_EQ(state(), "starting") << "at once, as after a first failure";
}

// --- whole lives

/// The states that it comes to, each once in a row.
class WholeLife : public UnitLife {
 protected:
  WholeLife() {
    unit.policy.prepares = true;
    unit.policy.tells_ready = true;
    unit.policy.deadline = 30s;
  }
  void live(std::initializer_list<Event> events) {
    for (const Event& event : events) {
      feed(event);
      if (states.empty() || states.back() != state()) states.push_back(state());
    }
  }
  std::vector<std::string_view> states;
  Event prepared = Exited{.process = Process::Prepare, .reason = exit_code(0)};
  Event says_ready = Notified{{.ready = true}};
};

TEST_F(WholeLife, FromTheBootToTheShutdown) {
  live({WantUp{}, NeedsMet{}, prepared, Launched{}, says_ready, WantDown{}, main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_THAT(states, ElementsAre("waiting", "starting", "running", "ready", "stopping", "stopped"));
}

TEST_F(WholeLife, ThroughACrashIntoABackoffAndBack) {
  live({NeedsMet{}, WantUp{}, prepared, Launched{}, says_ready, main_exits(by_signal(SIGSEGV)), CgroupEmpty{}});
  live({prepared, Launched{}, main_exits(exit_code(1)), CgroupEmpty{}});
  now = deadline(unit).value();
  live({DeadlinePassed{}, prepared, Launched{}, says_ready});
  EXPECT_THAT(states, ElementsAre("stopped", "starting", "running", "ready", "stopping", "starting", "running",
                                  "stopping", "backoff", "starting", "running", "ready"));
}

TEST_F(WholeLife, ThroughANeedThatGoesWhileItStarts) {
  live({NeedsMet{}, WantUp{}, prepared, Launched{}, NeedsLost{}, says_ready, main_exits(exit_code(0)), CgroupEmpty{},
        NeedsMet{}});
  EXPECT_THAT(states, ElementsAre("stopped", "starting", "running", "stopping", "waiting", "starting"));
}

TEST_F(WholeLife, ThroughAStopThatNothingAnswersTo) {
  live({NeedsMet{}, WantUp{}, prepared, Launched{}, says_ready, WantDown{}});
  for (int i = 0; i < 3; ++i) {
    now = deadline(unit).value();
    live({DeadlinePassed{}});
  }
  EXPECT_THAT(states, ElementsAre("stopped", "starting", "running", "ready", "stopping"));
  EXPECT_EQ(in<Stopping>().phase, Stopping::Phase::Stuck);
  live({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
}

// --- exits that nobody tells of

TEST_F(UnitLife, AnExitThatWasLostIsAskedForWhenTheCgroupIsEmpty) {
  run();
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AskForExit));
  EXPECT_EQ(state(), "running") << "until the answer";
}

TEST_F(UnitLife, AnExitThatWasLostDuringAStopIsAskedForUntilThereIsAnAnswer) {
  run();
  feed_all({WantDown{}, CgroupEmpty{}});
  pass_deadline();
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::ReportStuck, Action::AskForExit));
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::AskForExit));
  feed(main_exits(by_signal(SIGKILL)));
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, AnAnswerThatWasTheAnswerAlreadyChangesNothing) {
  run();
  feed_all({main_exits(exit_code(3)), CgroupEmpty{}, Launched{}, WantDown{}, main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_THAT(feed(main_exits(by_signal(SIGKILL))), IsEmpty());
  EXPECT_EQ(unit.last_exit, exit_code(0));
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 0U);
}

}  // namespace
}  // namespace uebo::supervise::test
