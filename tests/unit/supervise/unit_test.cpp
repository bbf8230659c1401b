#include "unit_life.hpp"

namespace uebo::supervise::test {
namespace {

// --- what is counted

TEST_F(UnitLife, CountsEachEndByItsReason) {
  using Kind = ExitReason::Kind;
  run();
  feed_all({main_exits(exit_code(1)), CgroupEmpty{}, Launched{}});
  feed_all({main_exits(by_signal(SIGSEGV)), CgroupEmpty{}});
  pass_deadline();
  feed_all({LaunchFailed{{.kind = Kind::ExecFailed, .value = ENOENT, .stage = "exec x"}}, CgroupEmpty{}});
  EXPECT_EQ(count_of(unit, Kind::Exited), 1u);
  EXPECT_EQ(count_of(unit, Kind::Signalled), 1u);
  EXPECT_EQ(count_of(unit, Kind::ExecFailed), 1u);
}

TEST_F(UnitLife, CountsAStopOnce) {
  run();
  feed_all({WantDown{}, main_exits(by_signal(SIGTERM)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 1u);
}

TEST_F(JobLife, CountsARunThatWasLateOnceThoughItHadToBeKilled) {
  unit.policy.deadline = 10s;
  run();
  pass_deadline();
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "failed");
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Deadline), 1u);
  EXPECT_EQ(count_of(unit, ExitReason::Kind::Signalled), 0u);
}

// --- start

TEST_F(UnitLife, WaitsForItsNeeds) {
  EXPECT_THAT(feed(WantUp{}), IsEmpty());
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(feed(NeedsMet{}), ElementsAre(Action::LaunchMain));
  EXPECT_EQ(state(), "starting");
}

TEST_F(UnitLife, NeedsAloneStartNothing) {
  EXPECT_THAT(feed(NeedsMet{}), IsEmpty());
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, IsUpWhenTheExecHasSucceeded) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_FALSE(unit.up);
  EXPECT_THAT(feed(Launched{}), ElementsAre(Action::AnnounceUp));
  EXPECT_EQ(state(), "running");
}

TEST_F(UnitLife, PreparesFirstAndLaunchesWhenThatSucceeded) {
  unit.policy.prepares = true;
  EXPECT_THAT(feed_all({NeedsMet{}, WantUp{}}), ElementsAre(Action::LaunchPrepare));
  EXPECT_THAT(feed(Exited{.process = Process::Prepare, .reason = exit_code(0)}), ElementsAre(Action::LaunchMain));
}

TEST_F(UnitLife, FailedPreparationCountsAsAFailedRun) {
  unit.policy.prepares = true;
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(Exited{.process = Process::Prepare, .reason = exit_code(3)}), ElementsAre(Action::KillCgroup));
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AnnounceSettled, Action::LaunchPrepare));
  EXPECT_EQ(unit.failures, 1U);
  EXPECT_EQ(unit.last_exit, exit_code(3));
}

TEST_F(UnitLife, PreparationHasADeadline) {
  unit.policy.prepares = true;
  unit.policy.deadline = 30s;
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_EQ(deadline(unit), now + 30s);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  EXPECT_EQ(unit.last_exit->kind, ExitReason::Kind::Deadline);
}

TEST_F(UnitLife, LaunchesTheCompanionOnceItRuns) {
  unit.policy.has_after_start = true;
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(Launched{}), ElementsAre(Action::AnnounceUp, Action::LaunchAfterStart));
  EXPECT_THAT(feed(Exited{.process = Process::AfterStart, .reason = exit_code(1)}), IsEmpty());
  EXPECT_EQ(state(), "running");
}

TEST_F(UnitLife, ExecFailureIsTriedAgainLikeAnyOther) {
  feed_all({NeedsMet{}, WantUp{}});
  const ExitReason why{.kind = ExitReason::Kind::ExecFailed, .value = ENOENT, .stage = "exec /nowhere"};
  EXPECT_THAT(feed(LaunchFailed{why}), ElementsAre(Action::KillCgroup));
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AnnounceSettled, Action::LaunchMain));
  EXPECT_EQ(unit.last_exit, why);
}

// --- restart

TEST_F(UnitLife, RestartsAtOnceAfterTheFirstFailure) {
  run();
  EXPECT_THAT(feed(main_exits(by_signal(SIGKILL))), ElementsAre(Action::AnnounceDown, Action::KillCgroup));
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AnnounceSettled, Action::LaunchMain));
  EXPECT_EQ(unit.restarts, 1U);
}

TEST_F(UnitLife, RestartWaitsUntilTheCgroupIsEmpty) {
  run();
  feed(main_exits(exit_code(0)));
  EXPECT_EQ(state(), "stopping");
  EXPECT_THAT(feed(NeedsMet{}), IsEmpty());
  EXPECT_THAT(feed(WantUp{}), IsEmpty());
  EXPECT_EQ(state(), "stopping");
}

TEST_F(UnitLife, EmptyCgroupBeforeTheReapingWorksToo) {
  run();
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AskForExit)) << "it may be on its way, or lost";
  const auto actions = feed(main_exits(exit_code(1)));
  // No KillCgroup: its answer would reach the run that is launched here.
  EXPECT_THAT(actions, ElementsAre(Action::AnnounceDown, Action::AnnounceSettled, Action::LaunchMain));
  EXPECT_TRUE(unit.cgroup_populated);
}

TEST_F(UnitLife, BacksOffGeometricallyToItsCap) {
  run();
  std::vector<Duration> delays;
  for (int i = 0; i < 14; ++i) {
    fail_once();
    if (state() == "starting") continue;
    delays.push_back(deadline(unit).value() - now);
    pass_deadline();
  }
  EXPECT_THAT(delays, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s, 300s, 300s));
}

TEST_F(UnitLife, IsACrashLoopFromTheFifthFailureOn) {
  run();
  std::vector<std::string_view> states;
  for (int i = 0; i < 6; ++i) {
    fail_once();
    states.push_back(state());
    if (state() != "starting") pass_deadline();
  }
  EXPECT_THAT(states, ElementsAre("starting", "backoff", "backoff", "backoff", "crash-loop", "crash-loop"));
}

TEST_F(UnitLife, JitterStretchesByATenthAtMost) {
  EXPECT_EQ(backoff_delay(1, 0.99, 5min), 0s);
  EXPECT_EQ(backoff_delay(2, 0, 5min), 1s);
  EXPECT_EQ(backoff_delay(2, 0.5, 5min), 1050ms);
  EXPECT_LT(backoff_delay(20, 0.999, 5min), 330s);
  EXPECT_EQ(backoff_delay(4'000'000'000U, 0, 5min), 300s);
  EXPECT_EQ(backoff_delay(20, 0, 30s), 30s);
}

TEST_F(UnitLife, AStableRunBeginsANewCount) {
  run();
  for (int i = 0; i < 5; ++i) {
    fail_once();
    if (state() != "starting") pass_deadline();
  }
  feed(Launched{});
  pass(60s);
  feed_all({main_exits(exit_code(1)), CgroupEmpty{}});
  EXPECT_EQ(state(), "starting") << "at once, as after a first failure";
  EXPECT_EQ(unit.failures, 1U);
}

TEST_F(UnitLife, AShortRunDoesNot) {
  run();
  fail_once();
  feed(Launched{});
  pass(59s);
  feed_all({main_exits(exit_code(1)), CgroupEmpty{}});
  EXPECT_EQ(unit.failures, 2U);
}

TEST_F(UnitLife, ALongPreparationIsNoStableRun) {
  unit.policy.prepares = true;
  unit.policy.deadline = 90s;
  feed_all({NeedsMet{}, WantUp{}});
  for (int i = 0; i < 5; ++i) {
    if (state() != "starting") pass_deadline();
    pass_deadline();
    feed(CgroupEmpty{});
  }
  EXPECT_EQ(state(), "crash-loop");
}

TEST_F(UnitLife, ALongRunCountsEvenWhenSomebodyElseEndsIt) {
  run();
  fail_once();
  fail_once();
  pass_deadline();
  feed(Launched{});
  pass(2min);
  feed_all({NeedsLost{}, main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(unit.failures, 0U);
}

TEST_F(UnitLife, OnFailureLeavesASuccessAlone) {
  unit.policy.restart = RestartPolicy::OnFailure;
  run();
  feed_all({main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "done");
  feed(WantUp{});
  feed_all({Launched{}, main_exits(exit_code(1)), CgroupEmpty{}});
  EXPECT_EQ(state(), "starting");
}

TEST_F(UnitLife, NeverIsFailedAfterAFailureUntilItIsStarted) {
  unit.policy.restart = RestartPolicy::Never;
  run();
  feed_all({main_exits(exit_code(7)), CgroupEmpty{}});
  EXPECT_EQ(in<Failed>().why, exit_code(7));
  EXPECT_THAT(feed(WantUp{}), ElementsAre(Action::LaunchMain));
}

TEST_F(UnitLife, AStartDuringBackoffIsAtOnceAndBeginsANewCount) {
  run();
  fail_once();
  fail_once();
  ASSERT_EQ(state(), "backoff");
  EXPECT_THAT(feed(WantUp{}), ElementsAre(Action::LaunchMain));
  EXPECT_EQ(unit.failures, 0U);
}

// --- stop

TEST_F(UnitLife, StopsBySignalThenWaitsForTheCgroup) {
  run();
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::AnnounceDown, Action::SignalStop));
  EXPECT_EQ(deadline(unit), now + unit.policy.stop_timeout);
  EXPECT_THAT(feed(main_exits(exit_code(0))), ElementsAre(Action::KillCgroup)) << "descendants do not outlive it";
  EXPECT_THAT(feed(CgroupEmpty{}), IsEmpty());
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(unit.restarts, 0U);
}

TEST_F(UnitLife, KillsWhatIgnoresTheSignal) {
  run();
  feed(WantDown{});
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, GivesUpWaitingForWhatSurvivesAKill) {
  run();
  feed(WantDown{});
  pass_deadline();
  EXPECT_EQ(deadline(unit), now + kKillDeadline);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::ReportStuck, Action::KillCgroup));
  EXPECT_FALSE(inactive(unit));
  EXPECT_TRUE(finished(unit)) << "shutdown goes on without it";
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup)) << "again and again, and says no more";
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped") << "it ended after all";
}

TEST_F(UnitLife, ADaemonsStopCommandRunsBesideItThenComesTheSignal) {
  unit.policy.has_stop_command = true;
  run();
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::AnnounceDown, Action::LaunchStopCommand));
  EXPECT_THAT(feed(Exited{.process = Process::StopCommand, .reason = exit_code(0)}), ElementsAre(Action::SignalStop));
  EXPECT_THAT(feed(main_exits(exit_code(0))), ElementsAre(Action::KillCgroup));
}

TEST_F(UnitLife, AStopCommandThatHangsCostsTheTimeout) {
  unit.policy.has_stop_command = true;
  run();
  feed(WantDown{});
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::SignalStop));
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
}

TEST_F(UnitLife, AMainProcessThatEndsDuringTheStopCommandIsNotSignalled) {
  unit.policy.has_stop_command = true;
  run();
  feed(WantDown{});
  EXPECT_THAT(feed(main_exits(exit_code(0))), IsEmpty());
  EXPECT_THAT(feed(Exited{.process = Process::StopCommand, .reason = exit_code(0)}), ElementsAre(Action::KillCgroup));
  feed(CgroupEmpty{});
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, AStopWhileStartingKills) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::KillCgroup));
  EXPECT_THAT(feed(Launched{}), IsEmpty()) << "too late";
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
  EXPECT_FALSE(unit.up);
}

TEST_F(UnitLife, AStartDuringAStopComesAfterIt) {
  run();
  feed_all({WantDown{}, WantUp{}});
  EXPECT_EQ(state(), "stopping");
  EXPECT_THAT(feed_all({main_exits(exit_code(0)), CgroupEmpty{}}), ElementsAre(Action::KillCgroup, Action::LaunchMain));
  EXPECT_EQ(unit.failures, 0U) << "it was stopped, it did not fail";
}

TEST_F(UnitLife, AStopDuringTheCleaningAfterACrashWins) {
  run();
  feed_all({main_exits(exit_code(1)), WantDown{}});
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AnnounceSettled));
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, AStopDuringBackoffIsImmediate) {
  run();
  fail_once();
  fail_once();
  EXPECT_THAT(feed(WantDown{}), IsEmpty());
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(deadline(unit), std::nullopt);
}

TEST_F(UnitLife, StopsWhenItsNeedsGoAndComesBackWithThem) {
  run();
  EXPECT_THAT(feed(NeedsLost{}), ElementsAre(Action::AnnounceDown, Action::SignalStop));
  feed_all({main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(feed(NeedsMet{}), ElementsAre(Action::LaunchMain));
}

TEST_F(UnitLife, IsKilledInAHurryWhileItIsBeingStoppedAndOnlyThen) {
  run();
  EXPECT_THAT(feed(Hurry{}), IsEmpty());
  EXPECT_EQ(state(), "running");
  feed(WantDown{});
  EXPECT_THAT(feed(Hurry{}), ElementsAre(Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "stopped");
}

TEST_F(UnitLife, DoesNotRetryWithoutItsNeeds) {
  run();
  fail_once();
  fail_once();
  feed(NeedsLost{});
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(deadline(unit), std::nullopt);
}

TEST_F(UnitLife, AnEarlyWakeUpChangesNothing) {
  run();
  feed(WantDown{});
  pass(1ms);
  EXPECT_THAT(feed(DeadlinePassed{}), IsEmpty());
  EXPECT_EQ(state(), "stopping");
}

// --- jobs

TEST_F(JobLife, IsUpFromItsSuccessOn) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(feed(Launched{}), IsEmpty());
  EXPECT_EQ(state(), "running");
  EXPECT_FALSE(unit.up);
  EXPECT_THAT(feed_all({main_exits(exit_code(0)), CgroupEmpty{}}),
              ElementsAre(Action::KillCgroup, Action::ReportRun, Action::AnnounceUp, Action::AnnounceSettled));
  EXPECT_EQ(state(), "done");
}

TEST_F(JobLife, SettlesWhenTheFirstRunHasFailedToo) {
  feed_all({NeedsMet{}, WantUp{}});
  EXPECT_THAT(finish(1), ElementsAre(Action::KillCgroup, Action::ReportRun, Action::AnnounceSettled));
  EXPECT_EQ(state(), "failed");
  feed(Trigger{});
  EXPECT_THAT(finish(1), ElementsAre(Action::KillCgroup, Action::ReportRun)) << "once is enough";
}

TEST_F(JobLife, ATriggerRunsItAgainWithoutTakingItDown) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  EXPECT_THAT(feed(Trigger{}), ElementsAre(Action::LaunchMain));
  EXPECT_TRUE(unit.up);
  EXPECT_THAT(finish(0), ElementsAre(Action::KillCgroup, Action::ReportRun));
  EXPECT_TRUE(unit.up);
}

TEST_F(JobLife, ALaterRunThatFailsTakesItDown) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  feed(Trigger{});
  EXPECT_THAT(finish(2), ElementsAre(Action::KillCgroup, Action::ReportRun, Action::AnnounceDown));
}

TEST_F(JobLife, ALaterRunThatWasKilledTakesNothingBack) {
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  feed_all({Trigger{}, Launched{}, main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "done");
  EXPECT_TRUE(unit.up) << "it has said nothing: what the first run did still stands";
}

TEST_F(JobLife, IsSettledWhenItHangsForGood) {
  unit.policy.deadline = 20s;
  feed_all({NeedsMet{}, WantUp{}, Launched{}});
  pass_deadline();
  EXPECT_FALSE(unit.settled);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::AnnounceSettled, Action::ReportStuck, Action::KillCgroup));
  EXPECT_TRUE(finished(unit));
}

TEST_F(JobLife, TriggersDuringARunGiveOneMoreRun) {
  feed_all({NeedsMet{}, WantUp{}, Launched{}, Trigger{}, Trigger{}, Trigger{}});
  EXPECT_THAT(feed_all({main_exits(exit_code(0)), CgroupEmpty{}}),
              ElementsAre(Action::KillCgroup, Action::ReportRun, Action::AnnounceUp, Action::AnnounceSettled,
                          Action::LaunchMain))
      << "the first run is told of before the next one begins";
  finish(0);
  EXPECT_EQ(state(), "done");
}

TEST_F(JobLife, ATriggerStartsNothingThatIsNotWanted) {
  feed(NeedsMet{});
  EXPECT_THAT(feed(Trigger{}), IsEmpty());
  EXPECT_EQ(state(), "stopped");
}

TEST_F(JobLife, HasADeadlineForItsRun) {
  unit.policy.deadline = 20s;
  feed_all({NeedsMet{}, WantUp{}, Launched{}});
  EXPECT_EQ(deadline(unit), now + 20s);
  EXPECT_THAT(pass_deadline(), ElementsAre(Action::KillCgroup));
  feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}});
  EXPECT_EQ(state(), "failed");
}

TEST_F(JobLife, TriesAgainWhereItsFileSaysSo) {
  unit.policy.restart = RestartPolicy::OnFailure;
  feed_all({NeedsMet{}, WantUp{}});
  finish(1);
  EXPECT_EQ(state(), "starting");
  finish(1);
  EXPECT_EQ(state(), "backoff");
}

TEST_F(JobLife, NeedsThatGoLeaveItAlone) {
  feed_all({NeedsMet{}, WantUp{}, Launched{}});
  EXPECT_THAT(feed(NeedsLost{}), IsEmpty());
  EXPECT_EQ(state(), "running");
  feed_all({main_exits(exit_code(0)), CgroupEmpty{}});
  EXPECT_EQ(state(), "done");
}

TEST_F(JobLife, AStopRunsItsStopCommandWhenItIsDone) {
  unit.policy.has_stop_command = true;
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  EXPECT_FALSE(inactive(unit)) << "there is something to undo";
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::AnnounceDown, Action::LaunchStopCommand));
  EXPECT_THAT(feed_all({Exited{.process = Process::StopCommand, .reason = exit_code(0)}, CgroupEmpty{}}),
              ElementsAre(Action::KillCgroup));
  EXPECT_EQ(state(), "stopped");
  EXPECT_TRUE(inactive(unit));
}

TEST_F(JobLife, AStopDuringALaterRunStillUndoesTheFirst) {
  unit.policy.has_stop_command = true;
  feed_all({NeedsMet{}, WantUp{}});
  finish(0);
  feed(Trigger{});
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::KillCgroup));
  EXPECT_THAT(feed_all({main_exits(by_signal(SIGKILL)), CgroupEmpty{}}),
              ElementsAre(Action::AnnounceDown, Action::LaunchStopCommand));
}

TEST_F(JobLife, AStopBetweenTheEndOfARunAndItsEmptyCgroupUndoesIt) {
  unit.policy.has_stop_command = true;
  feed_all({NeedsMet{}, WantUp{}, Launched{}, main_exits(exit_code(0)), WantDown{}});
  EXPECT_THAT(feed(CgroupEmpty{}), ElementsAre(Action::AnnounceSettled, Action::LaunchStopCommand));
}

TEST_F(JobLife, ARunningJobIsEndedBeforeItIsUndone) {
  unit.policy.has_stop_command = true;
  feed_all({NeedsMet{}, WantUp{}, Launched{}});
  EXPECT_THAT(feed(WantDown{}), ElementsAre(Action::SignalStop));
  EXPECT_THAT(feed_all({main_exits(by_signal(SIGTERM)), CgroupEmpty{}}),
              ElementsAre(Action::KillCgroup, Action::LaunchStopCommand));
}

TEST_F(JobLife, OneThatNeverRanHasNothingToUndo) {
  unit.policy.has_stop_command = true;
  feed(WantUp{});
  EXPECT_TRUE(inactive(unit));
  EXPECT_THAT(feed(WantDown{}), IsEmpty());
  EXPECT_EQ(state(), "stopped");
}

// --- names

TEST(UnitNames, AreThoseOfTheStates) {
  EXPECT_EQ(name_of(State(CrashLoop{})), "crash-loop");
  EXPECT_EQ(name_of(State(Failed{})), "failed");
}

TEST(UnitPolicy, FollowsTheServicesFile) {
  config::ServiceSpec spec;
  EXPECT_FALSE(policy_of(spec).prepares);
  spec.directories.push_back({.path = "/x", .owner = {}});
  EXPECT_TRUE(policy_of(spec).prepares);
  spec.stop.command = {"/bin/true"};
  spec.stop.timeout = 75s;
  EXPECT_TRUE(policy_of(spec).has_stop_command);
  EXPECT_EQ(policy_of(spec).stop_timeout, 75s);
}

TEST(ExitReasonText, SaysWhatHappened) {
  using Kind = ExitReason::Kind;
  EXPECT_EQ(exit_code(108).text(), "exit code 108");
  EXPECT_EQ(by_signal(SIGKILL).text(), "signal 9 (KILL)");
  EXPECT_EQ((ExitReason{Kind::DumpedCore, SIGSEGV, ""}.text()), "signal 11 (SEGV), core dumped");
  EXPECT_EQ((ExitReason{Kind::OutOfMemory, SIGKILL, ""}.text()), "killed at its memory limit");
  EXPECT_EQ((ExitReason{Kind::BoardOutOfMemory, SIGKILL, ""}.text()), "killed because the board had no memory left");
  EXPECT_EQ((ExitReason{Kind::Deadline, 0, ""}.text()), "not done by its deadline");
  EXPECT_EQ((ExitReason{Kind::StartDeadline, 0, ""}.text()), "not ready by its deadline");
  EXPECT_EQ((ExitReason{Kind::Watchdog, 0, ""}.text()), "no sign of life, its watchdog's time is over");
  EXPECT_EQ((ExitReason{Kind::Signalled, 0, "its exit was lost"}.text()), "its exit was lost");
  EXPECT_EQ((ExitReason{Kind::ExecFailed, ENOENT, "exec /x"}.text()), "exec /x: No such file or directory");
  EXPECT_EQ((ExitReason{Kind::ExecFailed, 0, "user x: is not in /etc/passwd"}.text()), "user x: is not in /etc/passwd");
  EXPECT_EQ((ExitReason{Kind::Exited, 2, "prepare"}.text()), "prepare: exit code 2");
  EXPECT_EQ((ExitReason{Kind::Signalled, 64, ""}.text()), "signal 64");
  EXPECT_EQ(name_of(Kind::ExecFailed), "exec-failed");
}

}  // namespace
}  // namespace uebo::supervise::test
