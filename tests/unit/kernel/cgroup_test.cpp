#include "uebo/kernel/cgroup.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "in_namespaces.hpp"
#include "test_tree.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::kernel {
namespace {

using namespace std::chrono_literals;

/// A group on the machine's cgroup2 file system.
class RealCgroup : public testing::Test {
 protected:
  void SetUp() override {
    const auto all = mounts();
    ASSERT_TRUE(all);
    for (const MountPoint& mount : *all)
      if (mount.type == "cgroup2") path_ = mount.target + "/uebo-test-" + std::to_string(getpid());
    if (path_.empty()) GTEST_SKIP() << "no cgroup2 file system is mounted";
    auto group = Cgroup::create(path_);
    if (!group) GTEST_SKIP() << group.error().message();
    group_ = std::move(*group);
  }
  void TearDown() override {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    if (group_.directory() >= 0) {
      EXPECT_TRUE(group_.remove());
    }
  }
  pid_t add_process() {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) pause();
    }
    children_.push_back(child);
    EXPECT_TRUE(write_kernel_file(path_ + "/cgroup.procs", std::to_string(child)));
    return child;
  }
  int end_of(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    std::erase(children_, child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  std::string path_;
  Cgroup group_;
  std::vector<pid_t> children_;
};

TEST_F(RealCgroup, IsPopulatedWhileAProcessIsInItAndTellsWhenTheLastIsGone) {
  EXPECT_EQ(group_.populated(), false);
  const pid_t child = add_process();
  EXPECT_EQ(group_.populated(), true);
  ASSERT_TRUE(group_.kill());
  pollfd watch{.fd = group_.events(), .events = POLLPRI, .revents = 0};
  EXPECT_EQ(poll(&watch, 1, 10'000), 1);
  EXPECT_EQ(end_of(child), SIGKILL);
  EXPECT_EQ(group_.populated(), false);
}

TEST_F(RealCgroup, SignalReachesEveryProcess) {
  const pid_t first = add_process();
  const pid_t second = add_process();
  ASSERT_TRUE(group_.signal(SIGUSR1));
  EXPECT_EQ(end_of(first), SIGUSR1);
  EXPECT_EQ(end_of(second), SIGUSR1);
}

TEST_F(RealCgroup, CanBeTakenOverByASecondCreate) {
  add_process();
  const auto again = Cgroup::create(path_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->populated(), true);
}

TEST_F(RealCgroup, RemoveIsRefusedWhilePopulatedAndTakesEmptyChildrenAlong) {
  ASSERT_TRUE(Cgroup::create(path_ + "/child"));
  const pid_t child = add_process();
  const auto refused = group_.remove();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EBUSY);
  ASSERT_TRUE(group_.kill());
  EXPECT_EQ(end_of(child), SIGKILL);
  EXPECT_TRUE(group_.remove());
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(RealCgroup, CountsCpuTime) { EXPECT_TRUE(group_.cpu_usage().has_value()); }

TEST(Cgroup, ReadsItsCounters) {
  const test::TestTree tree;
  tree.write("cgroup.events", "populated 1\nfrozen 0\n");
  tree.write("memory.current", "123456\n");
  tree.write("memory.events", "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n");
  tree.write("cpu.stat", "usage_usec 2500\nuser_usec 2000\nsystem_usec 500\n");
  const auto group = Cgroup::create(tree.path());
  ASSERT_TRUE(group) << group.error().message();
  EXPECT_EQ(group->populated(), true);
  EXPECT_EQ(group->memory_current(), 123456u);
  EXPECT_EQ(group->memory_events().oom_kill, 2u);
  EXPECT_EQ(group->memory_events().oom, 3u);
  EXPECT_EQ(group->cpu_usage(), 2500us);
}

TEST(Cgroup, HasNoCountersWithoutTheirControllers) {
  const test::TestTree tree;
  tree.write("cgroup.events", "frozen 0\n");
  const auto group = Cgroup::create(tree.path());
  ASSERT_TRUE(group);
  EXPECT_EQ(group->memory_current(), std::nullopt);
  EXPECT_EQ(group->cpu_usage(), std::nullopt);
  EXPECT_EQ(group->memory_events().oom_kill, 0u);
  EXPECT_FALSE(group->populated()) << "a file without the key must not read as empty";
  const auto limit = group->set("memory.max", "1048576");
  ASSERT_FALSE(limit);
  EXPECT_EQ(limit.error().code, ENOENT);
}

TEST(Cgroup, MemoryMaxIsWrittenInBytes) {
  const test::TestTree tree;
  tree.write("cgroup.events", "populated 0\n");
  tree.write("memory.max");
  const auto group = Cgroup::create(tree.path());
  ASSERT_TRUE(group);
  ASSERT_TRUE(group->set("memory.max", "500000000"));
  EXPECT_EQ(tree.read("memory.max"), "500000000");
}

TEST(Cgroup, SignalPassesOverProcessesOfOtherPidNamespaces) {
  const test::TestTree tree;
  tree.write("cgroup.events", "populated 1\n");
  tree.write("cgroup.procs", "0\n0\n");
  const auto group = Cgroup::create(tree.path());
  ASSERT_TRUE(group);
  test::in_namespaces(0, [&] {
    ASSERT_EQ(setpgid(0, 0), 0);  // kill(0) is for one's process group
    EXPECT_TRUE(group->signal(SIGKILL));
  });
}

TEST(Cgroup, PlainDirectoryIsRefused) {
  const test::TestTree tree;
  const auto group = Cgroup::create(tree.path("no-cgroup"));
  ASSERT_FALSE(group);
  EXPECT_THAT(group.error().message(), testing::HasSubstr("is a cgroup2 file system mounted there?"));
}

TEST(EnableControllers, TakesThoseOfOursThatAreOffered) {
  const test::TestTree tree;
  tree.write("cgroup.controllers", "cpuset cpu hugetlb memory pids\n");
  tree.write("cgroup.subtree_control");
  EXPECT_EQ(enable_controllers(tree.path()), "memory cpu pids");
}

TEST(EnableControllers, DoesNotTakeCpusetForCpu) {
  const test::TestTree tree;
  tree.write("cgroup.controllers", "cpuset rdma\n");
  tree.write("cgroup.subtree_control");
  EXPECT_EQ(enable_controllers(tree.path()), "");
}

TEST(EnableControllers, LeavesOutWhatIsRefused) {
  const test::TestTree tree;
  tree.write("cgroup.controllers", "cpu memory\n");  // without cgroup.subtree_control
  EXPECT_EQ(enable_controllers(tree.path()), "");
  EXPECT_FALSE(enable_controllers(tree.path("nothing")));
}

}  // namespace
}  // namespace uebo::kernel
