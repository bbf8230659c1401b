// The real host with real processes, where this machine has a cgroup2 file system that the test may fill.
#include "uebo/supervise/process_host.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>

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
  EXPECT_EQ(logs_->find("test")->lines(), 20'000U) << "those that were skipped, if this machine is slow, are counted";
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

TEST_F(RealProcesses, HaveTheUsualLimitOfDescriptorsWhateverPid1Has) {
  rlimit own{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &own), 0);
  const rlimit raised{.rlim_cur = own.rlim_max, .rlim_max = own.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &raised), 0);
  host_->launch(shell("echo soft $(ulimit -S -n); echo hard $(ulimit -H -n)"), Process::Main);
  ASSERT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  setrlimit(RLIMIT_NOFILE, &own);
  EXPECT_THAT(log(), HasSubstr(fmt::format("soft {}\n", std::min<rlim_t>(1024, own.rlim_max))));
  EXPECT_THAT(log(), HasSubstr(fmt::format("hard {}\n", own.rlim_max)));
}

class Sandboxed : public RealProcesses {
 protected:
  void SetUp() override {
    if (getuid() != 0) GTEST_SKIP() << "only root may change the user";
    RealProcesses::SetUp();
  }
  /// What the script says, run as nobody.
  std::string said(const std::string& script, const config::SandboxSettings& settings = {}) {
    auto spec = shell(script);
    spec.user = "nobody";
    spec.sandbox = settings;
    host_->launch(spec, Process::Main);
    EXPECT_TRUE(until([&] { return seen("exited: exit code 0"); })) << testing::PrintToString(events_);
    return log();
  }
};

TEST_F(Sandboxed, HaveNoCapabilityAndNoWayToOne) {
  const std::string status = said("grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_THAT(status, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2\n"));
}

TEST_F(Sandboxed, KeepTheCapabilitiesThatTheFileNamesAndNoOther) {
  config::SandboxSettings settings;
  settings.capabilities = config::CapabilitySet{std::uint64_t{1} << 10};  // CAP_NET_BIND_SERVICE
  const std::string status = said("grep Cap /proc/self/status", settings);
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_THAT(status, HasSubstr(std::string(set) + ":\t0000000000000400\n"));
}

TEST_F(Sandboxed, SeeASystemThatIsReadOnlyAndProcessesOfTheirOwn) {
  const std::string seen = said(
      "touch /usr/x 2>&1; ls /tmp | wc -l; echo own > /tmp/x && cat /tmp/x; cat /proc/1/stat 2>&1; "
      "mount -t tmpfs none /tmp 2>&1; ls /dev | tr '\\n' ' '; true");
  EXPECT_THAT(seen, HasSubstr("Read-only file system"));
  EXPECT_THAT(seen, HasSubstr("Z 0\n"));
  EXPECT_THAT(seen, HasSubstr("Z own\n"));
  EXPECT_THAT(seen, HasSubstr("/proc/1/stat: No such file"));
  EXPECT_THAT(seen, HasSubstr("Z fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"));
}

TEST_F(Sandboxed, WhatTheFileTurnsOffIsOff) {
  config::SandboxSettings off{.no_new_privs = false,
                              .capabilities = {},
                              .protect_system = false,
                              .read_write_paths = {},
                              .protect_storage = false,
                              .private_tmp = false,
                              .private_devices = false,
                              .protect_proc = false,
                              .system_call_filter = config::SystemCallFilter::Off};
  const std::string seen =
      said("grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; cat /proc/1/comm; readlink /proc/self/ns/mnt", off);
  EXPECT_THAT(seen, HasSubstr("NoNewPrivs:\t0\n"));
  EXPECT_THAT(seen, HasSubstr("Seccomp:\t0\n"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("No such file")));
  EXPECT_THAT(seen, HasSubstr(std::filesystem::read_symlink("/proc/self/ns/mnt").string())) << "PID 1's namespace";
}

TEST_F(Sandboxed, RootIsFilteredAndBoundWhereItsFileSaysSo) {
  auto spec = shell("grep -E 'Cap(Eff|Bnd)|Seccomp:' /proc/self/status; touch /usr/x 2>&1; true");
  spec.sandbox.no_new_privs = true;
  spec.sandbox.capabilities = config::CapabilitySet{};
  spec.sandbox.protect_system = true;
  spec.sandbox.system_call_filter = config::SystemCallFilter::Default;
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_THAT(log(), HasSubstr("CapEff:\t0000000000000000\n"));
  EXPECT_THAT(log(), HasSubstr("CapBnd:\t0000000000000000\n"));
  EXPECT_THAT(log(), HasSubstr("Seccomp:\t2\n"));
  EXPECT_THAT(log(), HasSubstr("Read-only file system"));
}

TEST_F(Sandboxed, AStepThatFailsIsNamed) {
  auto spec = shell("true");
  spec.user = "nobody";
  spec.sandbox.read_write_paths = {"/nowhere"};
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return !events_.empty(); }));
  EXPECT_EQ(events_.front(), "launch failed: make writable /nowhere: No such file or directory");
}

TEST_F(Sandboxed, HaveTheDescriptorsThatTheFileGives) {
  auto spec = shell("ulimit -S -n; ulimit -H -n");
  spec.user = "nobody";
  spec.open_files = 77;
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return seen("exited: exit code 0"); }));
  EXPECT_EQ(log().size(), 2 * std::string_view("2026-01-01T00:00:00.000Z 77\n").size()) << log();
  EXPECT_THAT(log(), testing::ContainsRegex("Z 77\n.*Z 77\n"));
}

/// Not a bound, but a figure: what a start takes until its exec, and what the kernel keeps for it.
TEST_F(Sandboxed, CostOfAStart) {
  using std::chrono::microseconds;
  constexpr int kStarts = 41;
  std::map<std::string, std::vector<microseconds>> taken;
  for (int i = 0; i < kStarts; ++i)
    for (const char* user : {"root", "nobody"}) {
      auto spec = shell("exit 0");
      spec.name = user;
      spec.user = user;
      events_.clear();
      const TimePoint started = BootClock::now();
      host_->launch(spec, Process::Main);
      ASSERT_TRUE(until([&] { return seen("launched"); }));
      taken[user].push_back(std::chrono::duration_cast<microseconds>(BootClock::now() - started));
      ASSERT_TRUE(until([&] { return seen("exited: exit code 0") && seen("empty"); }));
      host_->release(spec);
    }
  for (auto& [user, times] : taken) {
    std::ranges::sort(times);
    const auto median = times[times.size() / 2].count();
    RecordProperty("start as " + user + ", us", std::to_string(median));
    printf("a start as %s: %ld us (median of %d)\n", user.c_str(), static_cast<long>(median), kStarts);
  }
}

TEST_F(RealProcesses, AnExitThatNobodyToldOfIsFoundWhenItIsAskedFor) {
  const auto spec = shell("exec sleep 1000");
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return seen("launched"); }));
  host_->ask_for_exit(spec);
  EXPECT_EQ(events_.size(), 1U) << "it lives";
  loop_->remove(signals_.get());
  host_->signal_stop(spec);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
  host_->ask_for_exit(spec);
  EXPECT_TRUE(seen("exited: signal 15 (TERM)"));
  host_->ask_for_exit(spec);
  EXPECT_EQ(events_.size(), 2U) << "it is told once";
}

TEST_F(RealProcesses, AnExitThatSomebodyElseTookIsGoneAndNotWaitedFor) {
  const auto spec = shell("exec sleep 1000");
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return seen("launched"); }));
  loop_->remove(signals_.get());
  host_->signal_stop(spec);
  ASSERT_EQ(waitpid(-1, nullptr, 0), host_->usage("test").main_pid.value_or(0));
  host_->ask_for_exit(spec);
  EXPECT_TRUE(seen("exited: its exit was lost"));
  EXPECT_FALSE(host_->usage("test").main_pid);
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
