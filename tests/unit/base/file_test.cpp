#include "uebo/base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace uebo {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "uebo-file-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  std::string root_;
};

TEST_F(Files, AreReplacedWithExactlyTheirMode) {
  const mode_t mask = umask(077);
  ASSERT_TRUE(replace_file(path("a"), "one", 0644));
  umask(mask);
  EXPECT_EQ(read_file(path("a")).value(), "one");
  EXPECT_EQ(mode_of(path("a")), 0644U);
  ASSERT_TRUE(replace_file(path("a"), "two", 0600));
  EXPECT_EQ(read_file(path("a")).value(), "two");
  EXPECT_EQ(mode_of(path("a")), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1) << "nothing else is left";
}

TEST_F(Files, ReplacingFollowsNoLinkThatLiesInTheWay) {
  ASSERT_TRUE(replace_file(path("victim"), "whole", 0644));
  ASSERT_EQ(symlink(path("victim").c_str(), path("a.new." + std::to_string(getpid())).c_str()), 0);
  ASSERT_TRUE(replace_file(path("a"), "new", 0644));
  EXPECT_EQ(read_file(path("victim")).value(), "whole");
  ASSERT_EQ(symlink(path("victim").c_str(), path("link").c_str()), 0);
  ASSERT_TRUE(replace_file(path("link"), "new", 0644));
  EXPECT_EQ(read_file(path("victim")).value(), "whole") << "the link is replaced, not what it points to";
  EXPECT_FALSE(std::filesystem::is_symlink(path("link")));
}

TEST_F(Files, AFailedReplacementLeavesTheOldOneAndNothingElse) {
  ASSERT_EQ(mkdir(path("directory").c_str(), 0755), 0);
  const auto result = replace_file(path("directory"), "x", 0644);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, EISDIR);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1) << "nothing else is left";
  EXPECT_FALSE(replace_file(path("none/a"), "x", 0644));
}

TEST_F(Files, AreReadUpToALimit) {
  ASSERT_TRUE(replace_file(path("a"), std::string(10'000, 'x'), 0644));
  EXPECT_EQ(read_file(path("a"), 10'000).value().size(), 10'000U);
  EXPECT_EQ(read_file(path("a"), 9'999).error().code, EFBIG);
  EXPECT_EQ(read_file(path("none")).error().code, ENOENT);
  EXPECT_EQ(read_file(root_).error().code, EISDIR);
}

TEST_F(Files, OfTheKernelAreWrittenInPlace) {
  EXPECT_EQ(write_kernel_file(path("none"), "1").error().code, ENOENT) << "never made";
  ASSERT_TRUE(replace_file(path("a"), "abc", 0644));
  ASSERT_TRUE(write_kernel_file(path("a"), "1"));
  EXPECT_EQ(read_file(path("a")).value(), "1bc");
}

TEST_F(Files, DirectoriesAreMadeWithTheirParents) {
  const mode_t mask = umask(0);
  ASSERT_TRUE(make_directories(path("a/b/c"), 0750));
  umask(mask);
  EXPECT_EQ(mode_of(path("a/b")), 0750U);
  EXPECT_TRUE(make_directories(path("a/b/c/"), 0700)) << "there already";
  EXPECT_EQ(mode_of(path("a/b/c")), 0750U);
  ASSERT_TRUE(replace_file(path("file"), "", 0644));
  EXPECT_EQ(make_directories(path("file/x")).error().code, ENOTDIR);
}

}  // namespace
}  // namespace uebo
