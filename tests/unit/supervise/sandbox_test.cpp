// The steps as they are thought out, and as the kernel takes them: in a mount namespace that is a slave of the test's,
// as a service's is of PID 1's.
#include "uebo/supervise/sandbox.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "../kernel/in_namespaces.hpp"
#include "../kernel/test_tree.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/cover.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::supervise {
namespace {

using kernel::test::in_namespaces;
using kernel::test::TestTree;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> told(const std::vector<MountStep>& steps) {
  std::vector<std::string> texts;
  for (const MountStep& step : steps) texts.push_back(description(step));
  return texts;
}

config::Sandbox everything() { return config::sandbox_for({}, false); }

TEST(MountSteps, AreNoneWithoutASandbox) { EXPECT_THAT(mount_steps({}, {}, {}), IsEmpty()); }

TEST(MountSteps, OfAUserThatIsNotRoot) {
  EXPECT_THAT(told(mount_steps(everything(), {}, {})), ElementsAre("make / read-only", "mount /dev", "mount /tmp",
                                                                   "mount /var/tmp", "mount /proc", "hide /storage"));
}

TEST(MountSteps, BindsComeBeforeWhatHidesTheirSources) {
  auto sandbox = everything();
  sandbox.read_write_paths = {"/run/daemon"};
  sandbox.private_devices = false;
  const config::BindMount bind{.source = "/storage/own", .target = "/home", .read_only = false};
  EXPECT_THAT(
      told(mount_steps(sandbox, {bind}, {"/storage", "/secrets"})),
      ElementsAre("make / read-only", "make writable /run/daemon", "mount /tmp", "mount /var/tmp", "mount /dev/shm",
                  "bind /storage/own on /home", "mount /proc", "hide /storage", "hide /secrets"));
}

TEST(MountSteps, WhatTheFileHidesIsHiddenForRootAsWell) {
  EXPECT_THAT(told(mount_steps({}, {}, {"/storage"})), ElementsAre("hide /storage"));
}

// --- in a namespace

/// Runs `inside` in a process of a slave namespace, where the steps have been made, and waits for its end.
void within(const std::vector<MountStep>& steps, const std::function<void()>& inside) {
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_namespaces(OwnIpc::No)) _exit(2);
    for (const MountStep& step : steps) EXPECT_TRUE(perform(step)) << description(step) << ": " << strerror(errno);
    inside();
    fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "failed in the child, see above";
}

int write_error(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

std::string command_line() { return read_file("/proc/cmdline").value_or("unreadable"); }

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) names.push_back(entry.path().filename());
  return names;
}

class MountStepsOfRoot : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "devices need root";
  }
  TestTree tree_;
};

TEST_F(MountStepsOfRoot, NothingCanBeWrittenButWhatIsGiven) {
  tree_.directory("own");
  tree_.directory("bound");
  const config::BindMount bind{.source = tree_.path("own"), .target = tree_.path("bound"), .read_only = false};
  in_namespaces(CLONE_NEWNS, [&] {
    within({ReadOnlyTree{}, WritablePath{tree_.path("own")}, BindTree{bind}}, [&] {
      EXPECT_EQ(write_error("/usr/file"), EROFS);
      EXPECT_EQ(write_error("/run/file"), EROFS);
      EXPECT_EQ(write_error(tree_.path("file")), EROFS);
      EXPECT_EQ(write_error(tree_.path("own/file")), 0);
      EXPECT_EQ(write_error(tree_.path("bound/other")), 0);
      EXPECT_EQ(write_error("/dev/null"), 0);
    });
    EXPECT_EQ(write_error(tree_.path("file")), 0) << "PID 1's own stay as they are";
  });
}

TEST_F(MountStepsOfRoot, APathThatIsNotThereIsAnError) {
  in_namespaces(CLONE_NEWNS, [&] {
    within({}, [&] {
      EXPECT_FALSE(perform(WritablePath{"/not there"}));
      EXPECT_EQ(errno, ENOENT);
    });
  });
}

TEST_F(MountStepsOfRoot, DevicesAreTheHarmlessOnes) {
  in_namespaces(CLONE_NEWNS, [&] {
    within({ReadOnlyTree{}, OwnDevices{}}, [&] {
      EXPECT_THAT(names_in("/dev"), UnorderedElementsAre("null", "zero", "full", "random", "urandom", "tty", "pts",
                                                         "shm", "ptmx", "fd", "stdin", "stdout", "stderr"));
      struct stat status{};
      ASSERT_EQ(stat("/dev/urandom", &status), 0);
      EXPECT_EQ(status.st_rdev, makedev(1, 9));
      EXPECT_EQ(status.st_mode & 07777, 0666U);
      EXPECT_EQ(write_error("/dev/null"), 0);
      EXPECT_EQ(write_error("/dev/shm/own"), 0);
      EXPECT_EQ(write_error("/dev/file"), EROFS);
      const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
      EXPECT_GE(terminal, 0) << strerror(errno);
      if (terminal >= 0) close(terminal);
    });
  });
}

TEST_F(MountStepsOfRoot, TemporaryFilesAreItsOwnAndBounded) {
  in_namespaces(CLONE_NEWNS, [&] {
    within({OwnTmpfs{.path = "/tmp", .options = "mode=1777,size=10%"}, OwnTmpfs{.path = "/not there", .options = ""}},
           [&] {
             EXPECT_THAT(names_in("/tmp"), IsEmpty());
             struct statfs of_tmp{};
             ASSERT_EQ(statfs("/tmp", &of_tmp), 0);
             EXPECT_GT(of_tmp.f_blocks, 0U);
             EXPECT_EQ(write_error("/tmp/own"), 0);
           });
    EXPECT_FALSE(std::filesystem::exists("/tmp/own"));
  });
}

TEST_F(MountStepsOfRoot, OthersProcessesAreNotInProcAndItsCoversAreBack) {
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(kernel::cover("/proc/cmdline", "covered\n", tree_.path("covers")));
    within({ReadOnlyTree{}, OwnProc{.read_only = true}}, [&] {
      EXPECT_EQ(command_line(), "covered\n");
      EXPECT_EQ(write_error("/proc/sys/kernel/panic"), EROFS);
      EXPECT_TRUE(read_file("/proc/meminfo"));
      ASSERT_TRUE(setgid(65534) == 0 && setuid(65534) == 0);
      EXPECT_FALSE(std::filesystem::exists("/proc/1"));
      EXPECT_TRUE(std::filesystem::exists("/proc/" + std::to_string(getpid())));
      EXPECT_EQ(command_line(), "covered\n");
    });
  });
}

TEST_F(MountStepsOfRoot, WhatIsNotCoveredIsShownAsItIs) {
  in_namespaces(CLONE_NEWNS, [&] {
    const auto shown = command_line();
    within({OwnProc{.read_only = false}}, [&] { EXPECT_EQ(command_line(), shown); });
  });
}

/// The storage of a node: a file system of its own, in a namespace whose mounts are shared, as PID 1's are.
class StorageOfANode : public MountStepsOfRoot {
 protected:
  void mount_storage() {
    ASSERT_TRUE(kernel::mount_api("tmpfs", storage_, 0, "mode=0755"));
    tree_.write("storage/secret", "root's");
    tree_.write("storage/own/work", "mine");
  }
  void in_node(const std::function<void()>& body) {
    in_namespaces(CLONE_NEWNS, [&] {
      ASSERT_TRUE(kernel::make_shared_recursively("/"));
      body();
    });
  }
  /// How many mounts lie at the place in the namespace of who asks.
  std::size_t mounted() const {
    const auto all = kernel::mounts();
    return all ? static_cast<std::size_t>(std::ranges::count(*all, storage_, &kernel::MountPoint::target)) : 99;
  }

  std::string storage_ = tree_.directory("storage");
};

TEST_F(StorageOfANode, IsGoneFromTheNamespaceButForWhatIsBound) {
  const config::BindMount bind{.source = storage_ + "/own", .target = tree_.directory("home"), .read_only = false};
  in_node([&] {
    mount_storage();
    within({ReadOnlyTree{}, BindTree{bind}, RemovedMount{storage_}}, [&] {
      EXPECT_EQ(tree_.read("home/work"), "mine");
      EXPECT_EQ(write_error(tree_.path("home/new")), 0);
      EXPECT_THAT(names_in(storage_), IsEmpty());
      EXPECT_EQ(kernel::find_mount(storage_)->value().options.substr(0, 2), "ro");
    });
    EXPECT_TRUE(std::filesystem::exists(storage_ + "/secret")) << "PID 1 has it still";
  });
}

/// One process waits for the other.
class Bell {
 public:
  Bell() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0); }
  void ring() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void wait() const {
    char got = 0;
    EXPECT_EQ(read(ends_[0], &got, 1), 1);
  }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(StorageOfANode, MountedLaterItStaysHiddenAndUnmountedNobodyHoldsIt) {
  in_node([&] {
    const Bell ready, mounted_now, looked, unmounted;
    fflush(nullptr);
    const pid_t service = fork();
    if (service == 0) {
      within({RemovedMount{storage_}}, [&] {
        ready.ring();
        mounted_now.wait();
        EXPECT_THAT(names_in(storage_), IsEmpty());
        EXPECT_EQ(mounted(), 2U) << "it came, and lies below";
        looked.ring();
        unmounted.wait();
        EXPECT_EQ(mounted(), 1U) << "PID 1's unmounting came too";
        EXPECT_THAT(names_in(storage_), IsEmpty());
      });
      fflush(nullptr);
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    ready.wait();
    mount_storage();
    mounted_now.ring();
    looked.wait();
    EXPECT_TRUE(kernel::unmount(storage_));
    unmounted.ring();
    int status = 0;
    ASSERT_EQ(waitpid(service, &status, 0), service);
    EXPECT_EQ(status, 0) << "failed in the service, see above";
  });
}

TEST_F(StorageOfANode, MountedBeforeItIsNotHeldByTheService) {
  in_node([&] {
    mount_storage();
    within({RemovedMount{storage_}}, [&] { EXPECT_EQ(mounted(), 1U) << "the cover alone"; });
    EXPECT_EQ(mounted(), 1U);
  });
}

}  // namespace
}  // namespace uebo::supervise
