#include "uebo/kernel/cover.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "in_namespaces.hpp"
#include "test_tree.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::kernel {
namespace {

using test::in_namespaces;
using test::TestTree;

TEST(Cover, ShowsTheContentReadOnlyAndReadableForAll) {
  const TestTree tree;
  const std::string target = tree.write("cmdline", "quiet uebo.boinc.password=secret\n");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(cover(target, "quiet uebo.boinc.password=\n", tree.path("covers")));
    EXPECT_EQ(read_file(target), "quiet uebo.boinc.password=\n");
    struct stat status{};
    ASSERT_EQ(stat(target.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0444u);
    EXPECT_FALSE(UniqueFd(open(target.c_str(), O_WRONLY | O_CLOEXEC)));
    EXPECT_EQ(errno, EROFS);
  });
}

TEST(Cover, MayBeCalledAgainWithoutStackingMounts) {
  const TestTree tree;
  const std::string target = tree.write("cmdline", "a=secret");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(cover(target, "a=", tree.path("covers")));
    const std::size_t before = mounts()->size();
    ASSERT_TRUE(cover(target, "a=", tree.path("covers")));
    EXPECT_EQ(mounts()->size(), before);
    const auto other = cover(target, "b=", tree.path("covers"));
    ASSERT_TRUE(other) << other.error().message();
    EXPECT_EQ(read_file(target), "b=");
  });
}

TEST(Cover, FilesOfOneNameInSeveralDirectoriesKeepTheirOwnContent) {
  const TestTree tree;
  const std::string first = tree.write("base/bootargs", "secret");
  const std::string second = tree.write("chosen/bootargs", "secret");
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_TRUE(cover(first, "one", tree.path("covers")));
    ASSERT_TRUE(cover(second, "two", tree.path("covers")));
    EXPECT_EQ(read_file(first), "one");
    EXPECT_EQ(read_file(second), "two");
  });
}

TEST(Cover, MissingTargetIsReported) {
  const TestTree tree;
  const auto result = cover(tree.path("nothing"), "", tree.path("covers"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ENOENT);
}

}  // namespace
}  // namespace uebo::kernel
