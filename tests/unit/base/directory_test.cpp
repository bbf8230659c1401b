#include "uebo/base/directory.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "../kernel/test_tree.hpp"

namespace uebo {
namespace {

using testing::UnorderedElementsAre;

std::vector<std::string> shown(const std::string& path) {
  std::vector<std::string> names;
  const auto entries = entries_of(path).value();
  for (const auto& entry : entries) names.push_back(entry.name + (entry.is_directory ? "/" : ""));
  return names;
}

TEST(Directory, ShowsItsEntriesAndWhichAreDirectories) {
  const kernel::test::TestTree tree;
  tree.write("file");
  tree.write(".hidden");
  tree.directory("below");
  ASSERT_EQ(symlink("below", tree.path("link").c_str()), 0);
  EXPECT_THAT(shown(tree.path()), UnorderedElementsAre("file", ".hidden", "below/", "link"));
  EXPECT_EQ(entries_of(tree.path("none")).error().code, ENOENT);
  EXPECT_EQ(entries_of(tree.path("file")).error().code, ENOTDIR);
}

TEST(Directory, IsRemovedWithAllThatIsInItAndNothingElse) {
  const kernel::test::TestTree tree;
  tree.write("kept/file");
  tree.write("gone/a/b/file");
  tree.write("gone/file");
  ASSERT_EQ(symlink("../kept", tree.path("gone/link").c_str()), 0);
  EXPECT_EQ(remove_all(tree.path("gone")).value(), 6u);
  EXPECT_EQ(remove_all(tree.path("gone")).value(), 0u);
  EXPECT_THAT(shown(tree.path("kept")), UnorderedElementsAre("file"));
  EXPECT_EQ(remove_all(tree.path("kept/file")).value(), 1u);
}

}  // namespace
}  // namespace uebo
