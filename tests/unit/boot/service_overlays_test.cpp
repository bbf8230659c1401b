#include "uebo/boot/service_overlays.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "../kernel/test_tree.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Staging : public testing::Test {
 protected:
  Staging() { tree.directory("storage"); }
  void file(const std::string& name, std::string_view text = R"({"enabled": false})") const {
    tree.write("storage/" + name, text);
    std::filesystem::permissions(tree.path("storage/" + name), std::filesystem::perms(0644));
  }
  StagedOverlays stage() const {
    const auto staged = stage_service_overlays(tree.path("storage"), tree.path("run/services"));
    if (!staged) ADD_FAILURE() << staged.error().message();
    return staged.value_or(StagedOverlays{});
  }
  [[nodiscard]] bool is_staged(const std::string& name) const {
    return std::filesystem::exists(tree.path("run/services/" + name));
  }

  kernel::test::TestTree tree;
};

TEST_F(Staging, BringsServiceFilesAlone) {
  file("boinc.json", R"({"nice": 3})");
  file("schema.json");
  file("notes.txt");
  file(".hidden.json");
  const auto staged = stage();
  EXPECT_THAT(staged.names, ElementsAre("boinc.json"));
  EXPECT_THAT(staged.problems, IsEmpty());
  EXPECT_EQ(tree.read("run/services/boinc.json"), R"({"nice": 3})");
  struct stat status{};
  ASSERT_EQ(stat(tree.path("run/services/boinc.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Staging, WhatIsGoneThereGoesHere) {
  file("a.json");
  file("b.json");
  stage();
  std::filesystem::remove(tree.path("storage/a.json"));
  stage();
  EXPECT_FALSE(is_staged("a.json"));
  EXPECT_TRUE(is_staged("b.json"));
  std::filesystem::remove_all(tree.path("storage"));
  EXPECT_THAT(stage().problems, IsEmpty());
  EXPECT_FALSE(is_staged("b.json"));
}

TEST_F(Staging, AFileThatOthersMayWriteToIsRefused) {
  file("a.json");
  file("b.json");
  std::filesystem::permissions(tree.path("storage/a.json"), std::filesystem::perms(0664));
  std::filesystem::permissions(tree.path("storage/b.json"), std::filesystem::perms(0646));
  const auto staged = stage();
  EXPECT_THAT(staged.names, IsEmpty());
  EXPECT_THAT(staged.problems, ElementsAre(HasSubstr("a.json: Operation not permitted (others may write to it)"),
                                           HasSubstr("b.json: Operation not permitted (others may write to it)")));
}

TEST_F(Staging, AFileOfSomebodyElseIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  file("a.json");
  ASSERT_EQ(chown(tree.path("storage/a.json").c_str(), 1234, 1234), 0);
  EXPECT_THAT(stage().problems,
              ElementsAre(HasSubstr("a.json: Operation not permitted (it belongs to somebody else)")));
  EXPECT_FALSE(is_staged("a.json"));
}

TEST_F(Staging, OneThatHasComeToBeRefusedDoesNotCountAnyMore) {
  file("a.json");
  stage();
  std::filesystem::permissions(tree.path("storage/a.json"), std::filesystem::perms(0666));
  stage();
  EXPECT_FALSE(is_staged("a.json"));
}

TEST_F(Staging, LinksAndDirectoriesAreRefused) {
  const std::string secret = tree.write("secret", "{}");
  std::filesystem::create_symlink(secret, tree.path("storage/a.json"));
  std::filesystem::create_hard_link(secret, tree.path("storage/b.json"));
  tree.directory("storage/c.json");
  ASSERT_EQ(mkfifo(tree.path("storage/d.json").c_str(), 0600), 0);
  EXPECT_THAT(stage().problems, SizeIs(4));
  EXPECT_THAT(stage().names, IsEmpty());
}

TEST_F(Staging, AHugeFileIsRefused) {
  file("a.json", std::string(config::kLargestServiceFile + 1, ' '));
  EXPECT_THAT(stage().problems, ElementsAre(HasSubstr("a.json: File too large")));
}

TEST_F(Staging, NoMoreThanAHundredCount) {
  for (int i = 100; i < 205; ++i) file("s" + std::to_string(i) + ".json");
  const auto staged = stage();
  EXPECT_THAT(staged.names, SizeIs(100));
  EXPECT_THAT(staged.problems, ElementsAre(HasSubstr("s200.json: there are more than 100 files")));
}

TEST_F(Staging, ADirectoryThatOthersMayWriteToIsRefusedAsAWhole) {
  file("a.json");
  std::filesystem::permissions(tree.path("storage"), std::filesystem::perms(0777));
  const auto staged = stage();
  EXPECT_THAT(staged.names, IsEmpty());
  EXPECT_THAT(staged.problems, ElementsAre(HasSubstr("expected a directory of root")));
}

TEST(RefusalWithoutOwners, LetsOnlyEnablingThrough) {
  EXPECT_EQ(refusal_without_owners(R"({"enabled": false})"), "");
  EXPECT_THAT(refusal_without_owners(R"({"enabled": true, "command": ["/storage/boinc/evil"]})"),
              HasSubstr("belongs to boinc: expected nothing but"));
}

}  // namespace
}  // namespace uebo::boot
