// The real host with real processes, where this machine has a cgroup2 file system that the test may fill.
#include "uebo/supervise/process_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "../kernel/test_tree.hpp"
#include "real_processes.hpp"
#include "uebo/kernel/cgroup.hpp"
#include "uebo/supervise/launch.hpp"

namespace uebo::supervise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using RealProcesses = test::RealProcesses;

TEST_F(RealProcesses, TellLaunchEndAndEmptyCgroup) {
  host_->launch(shell("exit 3"), Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 3") && seen("empty"); }));
  EXPECT_EQ(events_.front(), "launched");
}

TEST_F(RealProcesses, TellTheSignalThatEndedThem) {
  host_->launch(shell("kill -9 $$"), Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: signal 9 (KILL)"); }));
}

TEST_F(RealProcesses, AFailedExecNamesStageAndReason) {
  auto spec = shell("");
  spec.command = {"/nowhere/daemon"};
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return !events_.empty(); }));
  EXPECT_EQ(events_.front(), "launch failed: exec /nowhere/daemon: No such file or directory");
  host_->kill(spec);
  EXPECT_TRUE(until([&] { return seen("empty"); }));
  EXPECT_FALSE(seen("launched"));
}

TEST_F(RealProcesses, AMissingWorkingDirectoryIsNamed) {
  auto spec = shell("true");
  spec.working_directory = "/nowhere";
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return !events_.empty(); }));
  EXPECT_EQ(events_.front(), "launch failed: change to the working directory /nowhere: No such file or directory");
}

TEST_F(RealProcesses, AMissingUserIsNamed) {
  auto spec = shell("true");
  spec.user = "no-such-user";
  host_->launch(spec, Process::Main);
  ASSERT_EQ(events_.size(), 1U) << "before anything was started";
  EXPECT_EQ(events_.front(), "launch failed: user no-such-user: is not in /etc/passwd");
}

TEST_F(RealProcesses, ABindThatCannotBeMadeIsAFailedLaunch) {
  auto spec = shell("true");
  spec.binds.push_back({.source = "/nowhere", .target = "/mnt", .read_only = false});
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return !events_.empty(); }));
  EXPECT_THAT(events_.front(), HasSubstr("launch failed: "));
}

TEST_F(RealProcesses, FindWhatIsHiddenEmptyAndWhatIsBoundFromThereInItsPlace) {
  if (geteuid() != 0) GTEST_SKIP() << "mounts need root";
  const kernel::test::TestTree tree;
  tree.write("storage/own/work", "mine");
  tree.write("storage/secret", "root's");
  auto spec = shell("ls -A " + tree.path("storage") + "; cat " + tree.directory("home") + "/work; echo .");
  spec.binds.push_back({.source = tree.path("storage/own"), .target = tree.path("home"), .read_only = false});
  spec.hidden = {tree.path("storage"), tree.path("not there")};
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("Z mine."));
  EXPECT_THAT(log(), testing::Not(HasSubstr("secret")));
}

TEST_F(RealProcesses, TheirOutputIsInTheLogWhenTheEndIsTold) {
  host_->launch(shell("echo out; echo err >&2; printf unfinished"), Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("Z out\n"));
  EXPECT_THAT(log(), HasSubstr("Z err\n"));
  EXPECT_THAT(log(), HasSubstr("Z unfinished\n"));
}

TEST_F(RealProcesses, StandardInputIsEmptyAndNothingElseIsInherited) {
  host_->launch(shell("cat; ls /proc/self/fd | tr '\\n' ' '"), Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("Z 0 1 2 3 \n")) << "3 is ls's own";
}

TEST_F(RealProcesses, HaveTheirEnvironmentAndNothingElse) {
  setenv("UEBO_TEST_SECRET", "of PID 1", 1);
  auto spec = shell("env");
  spec.environment = {{"GREETING", "hello"}, {"HOME", "/somewhere"}};
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("GREETING=hello\n"));
  EXPECT_THAT(log(), HasSubstr("HOME=/somewhere\n"));
  EXPECT_THAT(log(), HasSubstr("PATH=/sbin:/usr/sbin:/usr/bin:/bin\n"));
  EXPECT_THAT(log(), HasSubstr("USER=root\n"));
  EXPECT_THAT(log(), testing::Not(HasSubstr("UEBO_TEST_SECRET")));
  unsetenv("UEBO_TEST_SECRET");
}

TEST_F(RealProcesses, TheStopSignalGoesToTheMainProcessAlone) {
  auto spec = shell(
      "trap 'echo main; exit 0' USR1;"
      "sh -c \"trap 'echo child' USR1; echo ready; while :; do sleep 0.05; done\" & wait; wait");
  spec.stop.signal = SIGUSR1;
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return log().find("ready") != std::string::npos; }));
  host_->signal_stop(spec);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), testing::Not(HasSubstr("child")));
  EXPECT_FALSE(seen("empty")) << "the child lives on";
  host_->kill(spec);
  EXPECT_TRUE(until([&] { return seen("empty"); }));
}

TEST_F(RealProcesses, TheStopSignalGoesToAllWhereTheFileSaysSo) {
  auto spec = shell(
      "trap 'echo main' USR1;"
      "sh -c \"trap 'echo child; exit' USR1; echo ready; while :; do sleep 0.05; done\" & wait; wait; exit 0");
  spec.stop.signal = SIGUSR1;
  spec.stop.target = config::StopTarget::Group;
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return log().find("ready") != std::string::npos; }));
  host_->signal_stop(spec);
  EXPECT_TRUE(
      until([&] { return log().find("child") != std::string::npos && log().find("main") != std::string::npos; }));
  host_->kill(spec);
}

TEST_F(RealProcesses, AKillReachesDescendantsThatHidFromTheirParents) {
  host_->launch(shell("setsid sh -c 'setsid sleep 1000 & exit' & wait; exit 0"), Process::Main);
  const auto spec = shell("");
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_FALSE(seen("empty"));
  host_->kill(spec);
  EXPECT_TRUE(until([&] { return seen("empty"); }));
  host_->release(spec);
  EXPECT_FALSE(std::filesystem::exists(cgroup_ + "/test"));
}

TEST_F(RealProcesses, AKillOfNothingIsAnsweredToo) {
  host_->kill(shell(""));
  EXPECT_THAT(events_, ElementsAre("empty"));
}

TEST_F(RealProcesses, TheEndOfAnOldRunIsNotTakenForThatOfTheNext) {
  auto spec = shell("");
  spec.stop.command = {"/bin/true"};
  loop_->remove(signals_.get());  // so that the cgroup is empty before the child is reaped
  host_->launch(spec, Process::StopCommand);
  ASSERT_TRUE(until([&] { return seen("empty"); }));
  events_.clear();
  host_->release(spec);
  host_->reap();
  EXPECT_THAT(events_, ElementsAre());
}

TEST_F(RealProcesses, ASpecWithoutACommandIsAFailedLaunch) {
  auto spec = shell("");
  spec.command.clear();
  host_->launch(spec, Process::Main);
  EXPECT_THAT(events_, ElementsAre("launch failed: service test: there is nothing to run"));
}

TEST_F(RealProcesses, UsageTellsTheMainProcess) {
  const auto spec = shell("sleep 1000");
  EXPECT_FALSE(host_->usage("test").main_pid);
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(host_->usage("test").main_pid);
  ASSERT_TRUE(until([&] { return seen("launched"); }));
  host_->kill(spec);
  ASSERT_TRUE(until([&] { return seen("empty") && seen("exited: signal 9 (KILL)"); }));
  EXPECT_FALSE(host_->usage("test").main_pid);
}

TEST_F(RealProcesses, TheirCpuTimeIsThatOfAllRuns) {
  using std::chrono::microseconds;
  const auto spec = shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  EXPECT_FALSE(host_->usage("test").cpu) << "it never ran";
  microseconds before{0};
  for (int run = 0; run < 3; ++run) {
    events_.clear();
    host_->launch(spec, Process::Main);
    ASSERT_TRUE(until([&] { return seen("exited: exit code 0") && seen("empty"); }));
    const auto at_its_end = host_->usage("test").cpu.value();
    EXPECT_GT(at_its_end, before) << "run " << run;
    host_->release(spec);
    EXPECT_EQ(host_->usage("test").cpu, at_its_end) << "its group is gone";
    before = at_its_end;
  }
}

TEST_F(RealProcesses, AFloodOfOutputDoesNotStandStill) {
  auto spec = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("line 19999\n"));
  EXPECT_EQ(logs_->find("test")->dropped(), 0U);
  EXPECT_LE(log().size(), spec.log.size);
}

TEST_F(RealProcesses, WhatRunsAsAnotherUserWritesNoCore) {
  if (getuid() != 0) GTEST_SKIP() << "only root may change the user";
  auto spec = shell("echo soft $(ulimit -S -c); echo hard $(ulimit -H -c)");
  spec.user = "nobody";
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("soft 0\n"));
  EXPECT_THAT(log(), HasSubstr("hard 0\n"));
}

TEST(Accounts, AreThoseOfThePasswordFile) {
  const auto root = kernel::find_account("root", "");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  const auto nobody = kernel::find_account("nobody", "tty");
  ASSERT_TRUE(nobody);
  EXPECT_NE(nobody->uid, 0U);
  EXPECT_EQ(nobody->gid, 5U) << "the group that was asked for";
  EXPECT_FALSE(kernel::find_account("nobody", "no-such-group"));
}

}  // namespace
}  // namespace uebo::supervise
