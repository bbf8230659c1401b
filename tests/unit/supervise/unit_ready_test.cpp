// Readiness, watchdogs, and what else a service says of itself.
#include "unit_life.hpp"

namespace uebo::supervise::test {
namespace {

Event told(NotifyMessage message) { return Notified{std::move(message)}; }
const Event kReady = told({.ready = true});
const Event kAlive = told({.watchdog = true});

class ReadyLife : public UnitLife {
 protected:
  ReadyLife() {
    unit.policy.tells_ready = true;
    unit.policy.ready_timeout = 20s;
  }
  void become_ready() {
    run();
    feed(kReady);
  }
};

TEST_F(ReadyLife, IsUpWhenItSaysSo) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(Launched{}), IsEmpty());
  EXPECT_EQ(state(), "running");
  EXPECT_FALSE(unit.up);
  pass(3s);
  EXPECT_THAT(feed(kReady), ElementsAre(Action::AnnounceUp));
  EXPECT_EQ(state(), "ready");
  EXPECT_EQ(in<Ready>().since, now);
  EXPECT_EQ(running_since(unit), now - 3s);
  EXPECT_EQ(deadline(unit), std::nullopt);
}

TEST_F(ReadyLife, ItsWordMayComeBeforeTheEndOfItsExecIsSeen) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(kReady), IsEmpty());
  EXPECT_EQ(state(), "starting");
  EXPECT_THAT(feed(Launched{}), ElementsAre(Action::AnnounceUp));
  EXPECT_EQ(state(), "ready");
}

TEST_F(ReadyLife, APreparationCannotSpeakForIt) {
  unit.policy.prepares = true;
  feed_all({NeedsMet{}, WantUp{}, kReady, Exited{.process = Process::Prepare, .reason = exit_code(0)}, Launched{}});
  EXPECT_EQ(state(), "running");
}

TEST_F(ReadyLife, WhoIsNotReadyInTimeIsKilledAndHasFailed) {
  run();
  EXPECT_EQ(deadline(unit), now + 20s);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(unit.failures, 1U);
  EXPECT_EQ(count_of(unit, ExitReason::Kind::StartDeadline), 1U);
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 0U);
}

TEST_F(ReadyLife, AnExecThatHangsHasTheSameDeadline) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_EQ(deadline(unit), now + 20s);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  EXPECT_EQ(count_of(unit, ExitReason::Kind::StartDeadline), 1U);
}

TEST_F(ReadyLife, MoreTimeCountsFromNowAndNeverShortens) {
  run();
  pass(15s);
  feed(told({.extend_timeout = 3s}));
  EXPECT_EQ(deadline(unit), now + 5s) << "it had that already";
  feed(told({.extend_timeout = 30s}));
  EXPECT_EQ(deadline(unit), now + 30s);
  feed(told({.extend_timeout = std::chrono::microseconds::max()}));
  EXPECT_EQ(deadline(unit), now + kLongestExtension) << "and has its bound";
  feed(told({.extend_timeout = std::chrono::microseconds::min()}));
  EXPECT_EQ(deadline(unit), now + kLongestExtension);
}

TEST_F(ReadyLife, ALateWordAfterAStopIsIgnored) {
  run();
  feed(WantDown{});
  EXPECT_THAT(feed(kReady), IsEmpty());
  EXPECT_EQ(state(), "stopping");
  EXPECT_FALSE(unit.up);
}

TEST_F(ReadyLife, AStableRunIsOneThatWasReadyForLong) {
  run();
  for (int i = 0; i < 3; ++i) {
    pass_deadline();
    feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
    if (state() != "starting") pass_deadline();
    feed(Launched{});
  }
  EXPECT_EQ(unit.failures, 3U);
  feed(told({.extend_timeout = 100s}));
  pass(70s);
  EXPECT_EQ(failures_in_a_row(unit, now), 3U) << "it runs for long and is of no use yet";
  feed(kReady);
  pass(60s);
  EXPECT_EQ(failures_in_a_row(unit, now), 0U);
  feed(main_exits(exit_code(1)));
  EXPECT_EQ(unit.failures, 0U);
}

TEST_F(UnitLife, ASimpleOneHasNothingToSayOfReadiness) {
  run();
  EXPECT_THAT(feed(kReady), IsEmpty());
  EXPECT_EQ(state(), "running");
}

// --- it says that it stops

TEST_F(ReadyLife, WhoSaysThatItStopsIsNotUpAnyMoreAndKeepsItsStopTimeout) {
  become_ready();
  EXPECT_THAT(feed(told({.stopping = true})), ElementsAre(Action::AnnounceDown)) << "and is sent no signal";
  EXPECT_EQ(state(), "stopping");
  EXPECT_EQ(deadline(unit), now + unit.policy.stop_timeout);
  feed(told({.extend_timeout = 30s}));
  EXPECT_EQ(deadline(unit), now + 30s);
  EXPECT_THAT(feed(kReady), IsEmpty());
  EXPECT_THAT(feed(main_exits(exit_code(0))), ElementsAre(Action::KillCgroup));
  feed(CgroupEmpty{});
  EXPECT_EQ(state(), "starting") << "it is wanted";
  EXPECT_EQ(unit.failures, 1U) << "or it could go round and round without a backoff";
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Exited), 1U);
}

TEST_F(ReadyLife, WhoSaysThatItStopsAndDoesNotIsKilled) {
  become_ready();
  feed(told({.stopping = true}));
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Deadline), 1U);
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 0U);
}

TEST_F(ReadyLife, AStopOfOneThatStopsBringsItDownForGood) {
  become_ready();
  feed(told({.stopping = true}));
  EXPECT_THAT(feed(WantDown{}), IsEmpty());
  feed_all({main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
}

// --- watchdog

TEST_F(ReadyLife, ItsWatchdogIsArmedOnceItIsReady) {
  unit.policy.watchdog = 4s;
  run();
  EXPECT_EQ(deadline(unit), now + 20s);
  feed(kReady);
  EXPECT_EQ(deadline(unit), now + 4s);
  pass(3s);
  feed(kAlive);
  EXPECT_EQ(deadline(unit), now + 4s);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::AnnounceDown, Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Watchdog), 1U);
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 0U);
  EXPECT_EQ(unit.failures, 1U);
}

TEST_F(UnitLife, ASimpleOnesWatchdogIsArmedFromItsExecOn) {
  unit.policy.watchdog = 4s;
  run();
  EXPECT_EQ(deadline(unit), now + 4s);
  feed(told({.extend_timeout = 60s}));
  EXPECT_EQ(deadline(unit), now + 60s) << "more time is for the watchdog, too";
  pass(50s);
  feed(kAlive);
  EXPECT_EQ(deadline(unit), now + 4s);
  pass_deadline();
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Watchdog), 1U);
}

TEST_F(UnitLife, AWatchdogThatIsTurnedOffByTheServiceIsBackWithTheNextRun) {
  unit.policy.watchdog = 4s;
  run();
  feed(told({.watchdog_timeout = 9s}));
  EXPECT_EQ(deadline(unit), now + 9s);
  feed(told({.watchdog_timeout = std::chrono::microseconds::max()}));
  EXPECT_EQ(deadline(unit), now + kLongestWatchdog);
  feed(told({.watchdog_timeout = 0s}));
  EXPECT_EQ(deadline(unit), std::nullopt);
  fail_once();
  feed(Launched{});
  EXPECT_EQ(deadline(unit), now + 4s);
}

TEST_F(UnitLife, WhoSaysItselfThatItIsStuckIsBelieved) {
  run();
  EXPECT_THAT(feed(told({.watchdog_trigger = true})), ElementsAre(Action::AnnounceDown, Action::KillCgroup));
  EXPECT_EQ(unit.last_exit->kind, ExitReason::Kind::Watchdog);
  EXPECT_THAT(feed(told({.watchdog_trigger = true})), IsEmpty()) << "once is enough";
}

TEST_F(UnitLife, AWatchdogDoesNotDisturbAStop) {
  unit.policy.watchdog = 1s;
  run();
  feed(WantDown{});
  EXPECT_EQ(deadline(unit), now + unit.policy.stop_timeout);
}

}  // namespace
}  // namespace uebo::supervise::test
