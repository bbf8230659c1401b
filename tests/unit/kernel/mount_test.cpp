#include "uebo/kernel/mount.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "in_namespaces.hpp"
#include "test_disk.hpp"
#include "test_tree.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/kernel/block.hpp"

namespace uebo::kernel {
namespace {

using test::in_namespaces;
using test::TestTree;
using testing::HasSubstr;

int error_of_writing(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return fd ? 0 : errno;
}

TEST(Mount, ApiFileSystemIsFoundWithItsOptions) {
  const TestTree tree;
  const std::string target = tree.directory("with a blank");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(mount_api("tmpfs", target, MS_NOSUID | MS_NODEV, "size=1m,mode=0750"));
    const auto found = find_mount(target);
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->type, "tmpfs");
    EXPECT_EQ((*found)->source, "tmpfs");
    EXPECT_THAT((*found)->options, testing::AllOf(HasSubstr("nosuid"), HasSubstr("size=1024k")));
    EXPECT_EQ(mounts()->back().target, target);
  });
}

TEST(Mount, ApiFileSystemThatIsThereAlreadyIsSuccess) {
  const TestTree tree;
  const std::string target = tree.directory("sys");
  in_namespaces(CLONE_NEWNS | CLONE_NEWNET, [&] {
    if (!mount_api("sysfs", target, 0)) test::skip("sysfs can't be mounted here");
    const std::size_t before = mounts()->size();
    EXPECT_TRUE(mount_api("sysfs", target, 0));
    EXPECT_EQ(mounts()->size(), before);
  });
}

TEST(Mount, UnknownFileSystemNamesTheMissingModule) {
  const TestTree tree;
  in_namespaces(CLONE_NEWNS, [&] {
    const auto result = mount_api("nosuchfs", tree.path(), 0);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENODEV);
    EXPECT_THAT(result.error().message(), HasSubstr("no module for file system nosuchfs"));
  });
}

TEST(Mount, NothingIsFoundWhereNothingIsMounted) {
  const TestTree tree;
  const auto found = find_mount(tree.path());
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST(Mount, UnmountOfWhatIsNotMountedIsAnError) {
  const TestTree tree;
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(mount_api("tmpfs", tree.path(), 0));
    EXPECT_TRUE(unmount(tree.path()));
    const auto again = unmount(tree.path());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, EINVAL);
    EXPECT_THAT(again.error().message(), HasSubstr("nothing is mounted there"));
  });
}

TEST(Mount, ReadOnlyBindLeavesTheSourceWritable) {
  const TestTree tree;
  const std::string source = tree.directory("source");
  const std::string target = tree.directory("target");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(kernel::bind(source, target, true));
    EXPECT_EQ(error_of_writing(target + "/file"), EROFS);
    EXPECT_EQ(error_of_writing(source + "/file"), 0);
  });
}

TEST(Mount, WritableBindOfAFile) {
  const TestTree tree;
  const std::string source = tree.write("source", "new");
  const std::string target = tree.write("target", "old");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(kernel::bind(source, target, false));
    EXPECT_EQ(read_file(target), "new");
    EXPECT_EQ(error_of_writing(target), 0);
  });
}

TEST(Mount, BindFollowsALinkToItsTarget) {
  const TestTree tree;
  const std::string source = tree.write("source", "new");
  const std::string real = tree.write("real", "old");
  ASSERT_EQ(symlink(real.c_str(), tree.path("link").c_str()), 0);
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(kernel::bind(source, tree.path("link"), true));
    EXPECT_EQ(read_file(real), "new");
  });
}

TEST(Mount, BindOfNothingIsAnError) {
  const TestTree tree;
  in_namespaces(CLONE_NEWNS, [&] {
    const auto result = kernel::bind(tree.path("nothing"), tree.path(), false);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENOENT);
  });
}

TEST(Mount, SharedRecursivelyReachesTheMountsBelow) {
  const TestTree tree;
  const std::string below = tree.directory("below");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(mount_api("tmpfs", tree.path(), 0));
    ASSERT_TRUE(make_directories(below));
    ASSERT_TRUE(mount_api("tmpfs", below, 0));
    ASSERT_TRUE(make_shared_recursively(tree.path()));
    const auto table = read_file("/proc/self/mountinfo");
    ASSERT_TRUE(table);
    const std::size_t line = table->find(" " + below + " ");
    ASSERT_NE(line, std::string::npos);
    EXPECT_THAT(table->substr(line, table->find('\n', line) - line), HasSubstr(" shared:"));
  });
}

/// An ext4 file system in a file, on a loop device where a test wants one.
class MountDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/dev/loop-control", R_OK | W_OK) != 0) GTEST_SKIP() << "loop devices need root";
    if (!test::make_ext4(tree_.path("disk"), "storage")) GTEST_SKIP() << "mke2fs is missing";
  }
  void TearDown() override {
    if (!loop_.empty()) ioctl(UniqueFd(open(loop_.c_str(), O_RDONLY | O_CLOEXEC)).get(), LOOP_CLR_FD);
  }
  void attach() {
    const auto loop = attach_loop(tree_.path("disk"));
    ASSERT_TRUE(loop) << loop.error().message();
    loop_ = *loop;
  }
  TestTree tree_;
  std::string target_ = tree_.directory("target");
  std::string loop_;
};

TEST_F(MountDisk, DeviceIsMountedWithTheTypeThatTheCallerKnows) {
  ASSERT_NO_FATAL_FAILURE(attach());
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device(loop_, target_, "ext4", "ro,noatime,nosuid,nodev");
    ASSERT_TRUE(result) << result.error().message();
    const auto found = find_mount(target_);
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->source, loop_);
    EXPECT_EQ((*found)->number, probe(loop_)->number);
    EXPECT_TRUE(probe(loop_)->read_only);
    EXPECT_THAT((*found)->options, testing::AllOf(HasSubstr("noatime"), HasSubstr("nosuid"), HasSubstr("nodev")));
  });
}

TEST_F(MountDisk, DeviceIsProbedWithoutAType) {
  ASSERT_NO_FATAL_FAILURE(attach());
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device(loop_, target_, "", "ro");
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ((*find_mount(target_))->type, "ext4");
  });
}

TEST_F(MountDisk, ReadOnlyDeviceIsNeverSilentlyMountedReadOnly) {
  ASSERT_NO_FATAL_FAILURE(attach());
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device(loop_, target_, "ext4", "noatime");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("write-protected"));
    EXPECT_FALSE(find_mount(target_)->has_value());
  });
}

TEST_F(MountDisk, UnknownTypeNamesTheMissingModule) {
  ASSERT_NO_FATAL_FAILURE(attach());
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device(loop_, target_, "nosuchfs", "ro");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENODEV);
    EXPECT_THAT(result.error().message(), HasSubstr("mount " + loop_ + " on " + target_));
    EXPECT_THAT(result.error().message(), HasSubstr("no module for file system nosuchfs"));
  });
}

TEST_F(MountDisk, NothingRecognisedIsSaid) {
  tree_.write("disk", std::string(1 << 20, '\0'));
  ASSERT_NO_FATAL_FAILURE(attach());
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device(loop_, target_, "", "ro");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("no file system recognised"));
  });
}

TEST_F(MountDisk, MissingDeviceIsAnError) {
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_device("/dev/uebo-no-such-disk", target_, "ext4", "");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENOENT);
  });
}

TEST_F(MountDisk, ImageGoesThroughALoopDeviceThatIsFreedWithIt) {
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_image(tree_.path("disk"), target_, "ext4");
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(error_of_writing(target_ + "/file"), EROFS);
    const std::string loop = (*find_mount(target_))->source;
    ASSERT_THAT(loop, testing::StartsWith("/dev/loop"));
    const std::string backing = "/sys/block/" + loop.substr(5) + "/loop/backing_file";
    EXPECT_THAT(read_file(backing).value_or(""), HasSubstr(tree_.path("disk")));
    ASSERT_TRUE(unmount(target_));
    // The kernel may free the device a little after umount returns; opening and closing it waits for that.
    UniqueFd(open(loop.c_str(), O_RDONLY | O_CLOEXEC)).reset();
    EXPECT_THAT(read_file(backing).value_or(""), testing::Not(HasSubstr(tree_.path("disk"))));
  });
}

TEST_F(MountDisk, ImageThatIsMissingIsAnError) {
  in_namespaces(CLONE_NEWNS, [this] {
    const auto result = mount_image(tree_.path("nothing"), target_, "ext4");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENOENT);
  });
}

}  // namespace
}  // namespace uebo::kernel
