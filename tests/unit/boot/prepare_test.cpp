#include "uebo/boot/prepare.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/test_tree.hpp"

namespace uebo::boot {
namespace {

using kernel::test::TestTree;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

/// Owners are set by root alone.
class Prepare : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  }
  const TestTree tree;
  const config::KernelArgs args = config::KernelArgs::parse("quiet uebo.boinc.password=s3cret uebo.hostname=kiwi");
};

TEST_F(Prepare, MakesADirectoryWithItsOwnerAndMode) {
  ASSERT_TRUE(prepare_directory({.path = tree.path("a/data"), .owner = "nobody", .mode = 0750, .recursive = false}));
  struct stat status{};
  ASSERT_EQ(stat(tree.path("a/data").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 65534U);
  EXPECT_EQ(status.st_mode & 07777, 0750U);
}

TEST_F(Prepare, WritesAFileWithTheValuesOfArguments) {
  const config::FileToWrite file{.path = tree.path("conf"),
                                 .content = "password=${uebo.boinc.password}\nconsul=${uebo.consul}\n",
                                 .owner = {},
                                 .mode = 0600,
                                 .keep = false};
  ASSERT_TRUE(prepare_file(file, args));
  EXPECT_EQ(tree.read("conf"), "password=s3cret\nconsul=\n");
  EXPECT_EQ(mode_of(file.path), 0600U);
}

TEST_F(Prepare, KeepsAFileThatIsThereWhereItIsToBeKept) {
  tree.write("conf", "by hand");
  ASSERT_TRUE(
      prepare_file({.path = tree.path("conf"), .content = "ours", .owner = {}, .mode = 0600, .keep = true}, args));
  EXPECT_EQ(tree.read("conf"), "by hand");
}

TEST_F(Prepare, DoesNotLeaveTheServicesDirectoryThroughALink) {
  const std::string target = tree.write("etc/shadow", "root's");
  tree.directory("data");
  ASSERT_EQ(symlink(tree.path("etc").c_str(), tree.path("data/sub").c_str()), 0);
  ASSERT_EQ(symlink(target.c_str(), tree.path("data/conf").c_str()), 0);
  EXPECT_FALSE(prepare_file(
      {.path = tree.path("data/sub/shadow"), .content = "x", .owner = {}, .mode = 0666, .keep = false}, args));
  EXPECT_FALSE(prepare_directory({.path = tree.path("data/sub"), .owner = "nobody", .mode = 0777, .recursive = true}));
  ASSERT_TRUE(
      prepare_file({.path = tree.path("data/conf"), .content = "x", .owner = {}, .mode = 0600, .keep = false}, args));
  EXPECT_EQ(tree.read("etc/shadow"), "root's");
}

TEST_F(Prepare, RefusesAnUnknownOwner) {
  EXPECT_FALSE(prepare_directory({.path = tree.path("data"), .owner = "nosuchuser", .mode = 0755, .recursive = false}));
}

}  // namespace
}  // namespace uebo::boot
