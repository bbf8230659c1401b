#include "uebo/kernel/safe_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using test::TestTree;

Owner ourselves() { return {.user = geteuid(), .group = getegid()}; }

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

uid_t user_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status.st_uid;
}

TEST(SafeDirectory, IsMadeWithItsParentsAndGetsItsMode) {
  const TestTree tree;
  ASSERT_TRUE(SafeDirectory::make(tree.path("a/b"), ourselves(), 0750));
  EXPECT_EQ(mode_of(tree.path("a")), 0755U);
  EXPECT_EQ(mode_of(tree.path("a/b")), 0750U);
  ASSERT_TRUE(SafeDirectory::make(tree.path("a/b"), ourselves(), 0700));
  EXPECT_EQ(mode_of(tree.path("a/b")), 0700U);
}

TEST(SafeDirectory, WritesAndReadsAFileWithItsMode) {
  const TestTree tree;
  const auto directory = SafeDirectory::open(tree.path());
  ASSERT_TRUE(directory);
  ASSERT_TRUE(directory->replace("secret", "one", ourselves(), 0600));
  ASSERT_TRUE(directory->replace("secret", "two", ourselves(), 0640));
  EXPECT_EQ(directory->read("secret"), "two");
  EXPECT_EQ(mode_of(tree.path("secret")), 0640U);
  EXPECT_EQ(directory->read("secret", 2).error().code, EFBIG);
  EXPECT_EQ(directory->read("other").error().code, ENOENT);
}

TEST(SafeDirectory, DoesNotFollowALinkInTheWayToIt) {
  const TestTree tree;
  tree.directory("real/below");
  ASSERT_EQ(symlink("real", tree.path("link").c_str()), 0);
  EXPECT_EQ(SafeDirectory::open(tree.path("link/below")).error().code, ELOOP);
  EXPECT_EQ(SafeDirectory::make(tree.path("link/new"), ourselves(), 0755).error().code, ELOOP);
  EXPECT_EQ(SafeDirectory::make(tree.path("link"), ourselves(), 0755).error().code, ELOOP);
}

TEST(SafeDirectory, ReplacesALinkInsteadOfWritingThroughIt) {
  const TestTree tree;
  const std::string target = tree.write("outside/shadow", "root's");
  tree.directory("data");
  for (const char* name : {"file", ".file.new"})
    ASSERT_EQ(symlink(target.c_str(), (tree.path("data/") + name).c_str()), 0);
  const auto directory = SafeDirectory::open(tree.path("data"));
  ASSERT_TRUE(directory->replace("file", "ours", ourselves(), 0600));
  EXPECT_EQ(tree.read("outside/shadow"), "root's");
  EXPECT_EQ(directory->read("file"), "ours");
}

TEST(SafeDirectory, NeitherReadsNorGivesThroughALink) {
  const TestTree tree;
  const std::string target = tree.write("outside/key", "root's");
  tree.directory("data");
  ASSERT_EQ(symlink(target.c_str(), tree.path("data/key").c_str()), 0);
  const auto directory = SafeDirectory::open(tree.path("data"));
  EXPECT_EQ(directory->read("key").error().code, ELOOP);
  EXPECT_EQ(directory->give("key", ourselves(), 0777).error().code, ELOOP);
  EXPECT_NE(mode_of(target), 0777U);
}

TEST(SafeDirectory, NeitherReadsNorGivesAFileWithASecondName) {
  const TestTree tree;
  const std::string target = tree.write("outside/key", "root's");
  tree.directory("data");
  ASSERT_EQ(link(target.c_str(), tree.path("data/key").c_str()), 0);
  const auto directory = SafeDirectory::open(tree.path("data"));
  EXPECT_EQ(directory->read("key").error().code, EMLINK);
  EXPECT_EQ(directory->give("key", ourselves(), 0777).error().code, EMLINK);
  ASSERT_TRUE(directory->replace("key", "ours", ourselves(), 0600));
  EXPECT_EQ(tree.read("outside/key"), "root's");
}

TEST(SafeDirectory, DoesNotHangOnAFifo) {
  const TestTree tree;
  ASSERT_EQ(mkfifo(tree.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(SafeDirectory::open(tree.path())->read("fifo").error().code, EINVAL);
}

TEST(SafeDirectory, GivesWhatLiesBelowButNotWhatLeadsOut) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  const TestTree tree;
  const Owner boinc{.user = 12345, .group = 12345};
  const std::string link_target = tree.write("outside/shadow", "root's");
  const std::string second_name = tree.write("outside/key", "root's");
  tree.write("data/slots/0/init", "task's");
  ASSERT_EQ(symlink(link_target.c_str(), tree.path("data/link").c_str()), 0);
  ASSERT_EQ(symlink(tree.path("outside").c_str(), tree.path("data/slots/1").c_str()), 0);
  ASSERT_EQ(link(second_name.c_str(), tree.path("data/hard").c_str()), 0);
  const auto given = SafeDirectory::open(tree.path("data"))->give_all(boinc);
  ASSERT_TRUE(given) << given.error().message();
  EXPECT_EQ(given->changed, 5U);  // slots, slots/0, slots/0/init and the two links themselves
  EXPECT_EQ(given->refused, 1U);
  EXPECT_EQ(user_of(tree.path("data/slots/0/init")), boinc.user);
  EXPECT_EQ(user_of(link_target), 0U);
  EXPECT_EQ(user_of(second_name), 0U);
  EXPECT_EQ(SafeDirectory::open(tree.path("data"))->give_all(boinc)->changed, 0U);
}

TEST(Owner, IsFoundByNameInTheAccountFiles) {
  EXPECT_EQ(find_owner(""), Owner{});
  EXPECT_EQ(find_owner("root"), Owner{});
  EXPECT_EQ(find_owner("root:root"), Owner{});
  EXPECT_FALSE(find_owner("nosuchuser"));
  EXPECT_FALSE(find_owner("root:nosuchgroup"));
}

}  // namespace
}  // namespace uebo::kernel
