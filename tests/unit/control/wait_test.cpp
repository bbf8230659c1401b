#include "uebo/control/wait.hpp"

#include <gtest/gtest.h>

namespace uebo::control {
namespace {

using std::chrono::seconds;
using supervise::UnitStatus;

UnitStatus unit_in(std::string_view state) {
  UnitStatus unit;
  unit.name = "boinc";
  unit.state = state;
  unit.up = state == "running" || state == "ready" || state == "done";
  if (state == "running" || state == "ready") unit.running_for = seconds(1);
  return unit;
}

UnitStatus job_in(std::string_view state) {
  UnitStatus unit = unit_in(state);
  unit.job = true;
  unit.up = state == "done";
  return unit;
}

UnitWait wait_for(Goal goal) {
  UnitWait wait;
  wait.unit = "boinc";
  wait.goal = goal;
  wait.limit = seconds(30);
  return wait;
}

TEST(WaitUp, IsOverWhenADaemonRuns) {
  UnitWait wait = wait_for(Goal::Up);
  EXPECT_FALSE(observe(wait, unit_in("waiting")));
  EXPECT_FALSE(observe(wait, unit_in("starting")));
  const auto result = observe(wait, unit_in("running"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->state, "running");
  EXPECT_EQ(result->error, "");
}

TEST(WaitUp, IsOverWhenOneThatTellsItIsReadyAndNotBefore) {
  UnitWait wait = wait_for(Goal::Up);
  UnitStatus starts = unit_in("running");
  starts.up = false;
  EXPECT_FALSE(observe(wait, starts));
  EXPECT_EQ(give_up(wait, starts).error, "boinc: still not ready after 30 s");
  EXPECT_TRUE(observe(wait, unit_in("ready")));
}

TEST(WaitUp, IsOverWhenAJobIsDoneNotWhileItRuns) {
  UnitWait wait = wait_for(Goal::Up);
  EXPECT_FALSE(observe(wait, job_in("running")));
  ASSERT_TRUE(observe(wait, job_in("done")));
}

TEST(WaitUp, FailsWithTheReasonAndTheNextTry) {
  UnitWait wait = wait_for(Goal::Up);
  UnitStatus unit = unit_in("backoff");
  unit.last_exit = "exit code 1";
  unit.next_try_in = seconds(2);
  const auto result = observe(wait, unit);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, "boinc: exit code 1; next try in 2.0 s");
}

TEST(WaitUp, FailsWithTheLastWordsOfAJob) {
  UnitWait wait = wait_for(Goal::Up);
  UnitStatus unit = job_in("failed");
  unit.detail = "no disk is labelled storage";
  unit.last_exit = "exit code 1";
  const auto result = observe(wait, unit);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, "boinc: no disk is labelled storage (exit code 1)");
}

TEST(WaitUp, FailsWhenSomebodyStopsTheUnitMeanwhile) {
  UnitWait wait = wait_for(Goal::Up);
  const auto result = observe(wait, unit_in("stopped"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, "boinc: somebody has stopped it");
}

TEST(WaitForRestart, DoesNotTakeTheOldRunForTheNewOne) {
  UnitWait wait = wait_for(Goal::Up);
  wait.must_leave = true;
  wait.old_pid = 100;
  UnitStatus unit = unit_in("running");
  unit.main_pid = 100;
  EXPECT_FALSE(observe(wait, unit));
  EXPECT_FALSE(observe(wait, unit_in("stopping")));
  unit.main_pid = 100;  // the number may come back
  EXPECT_TRUE(observe(wait, unit));
}

TEST(WaitForRestart, KnowsANewRunByItsPid) {
  UnitWait wait = wait_for(Goal::Up);
  wait.must_leave = true;
  wait.old_pid = 100;
  UnitStatus unit = unit_in("running");
  unit.main_pid = 101;
  EXPECT_TRUE(observe(wait, unit));
}

TEST(WaitDown, IsOverWhenTheUnitIsStopped) {
  UnitWait wait = wait_for(Goal::Down);
  EXPECT_FALSE(observe(wait, unit_in("stopping")));
  EXPECT_FALSE(observe(wait, unit_in("running")));
  ASSERT_TRUE(observe(wait, unit_in("stopped")));
}

TEST(WaitThatIsGivenUp, SaysWhatIsMissing) {
  UnitStatus unit = unit_in("waiting");
  unit.waits_for = {"storage", "clock"};
  EXPECT_EQ(give_up(wait_for(Goal::Up), unit).error,
            "boinc: still waits for storage, clock after 30 s; it will start when that is there");
  EXPECT_EQ(give_up(wait_for(Goal::Down), unit_in("stopping")).error, "boinc: still stopping after 30 s");
}

}  // namespace
}  // namespace uebo::control
