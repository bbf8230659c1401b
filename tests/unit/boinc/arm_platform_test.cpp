#include "uebo/boinc/arm_platform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "../kernel/test_tree.hpp"

namespace uebo::boinc {
namespace {

using testing::HasSubstr;
using testing::Not;

class ArmPlatform : public testing::Test {
 protected:
  /// A program of the node's own kind, or text that no kernel runs.
  [[nodiscard]] std::string program(const std::string& text) const {
    const std::string path = tree.write("check", text);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  [[nodiscard]] ArmPrograms attempt(const std::string& check, std::chrono::milliseconds limit = kArmCheckLimit) const {
    return try_arm_programs(self, check, limit);
  }
  [[nodiscard]] std::string obstacle(const std::string& check) const { return attempt(check).obstacle; }
  void set(bool runs) const {
    const auto data = kernel::SafeDirectory::open(tree.path("data"));
    ASSERT_TRUE(data);
    const auto done = set_arm_platform(*data, runs, self);
    ASSERT_TRUE(done) << done.error().message();
  }
  [[nodiscard]] std::string file() const { return tree.read("data/cc_config.xml"); }

  const kernel::Owner self{.user = geteuid(), .group = getegid()};
  const kernel::test::TestTree tree;
  const std::string data_directory = tree.directory("data");
};

TEST_F(ArmPlatform, IsHadWhereTheProgramEndsWell) {
  const ArmPrograms arm = attempt(program("#!/bin/sh\nexit 0\n"));
  EXPECT_TRUE(arm.run);
  EXPECT_EQ(arm.obstacle, "");
}

TEST_F(ArmPlatform, IsNotHadInAnImageWithoutTheProgramAndNothingIsSaid) {
  const ArmPrograms arm = attempt(tree.path("absent"));
  EXPECT_FALSE(arm.run);
  EXPECT_EQ(arm.obstacle, "");
}

TEST_F(ArmPlatform, IsNotHadForAReasonThatIsTold) {
  EXPECT_FALSE(attempt(program("#!/bin/sh\nexit 127\n")).run);
  EXPECT_THAT(obstacle(program("#!/bin/sh\nexit 127\n")), HasSubstr("a 32-bit library is missing")) << "ld.so(8)";
  EXPECT_THAT(obstacle(program("#!/bin/sh\nkill -ILL $$\n")), HasSubstr("the check failed (exit code 132)"));
  // ENOENT, as with an ELF file whose loader is missing.
  EXPECT_THAT(obstacle(program("#!/absent/loader\n")), HasSubstr("the 32-bit loader is missing"));
  EXPECT_THAT(obstacle(program("\x7f\x45LF of another kind")),
              HasSubstr("kernel or processor runs no 32-bit programs"));
}

TEST_F(ArmPlatform, IsNotHadWhereTheProgramNeverEnds) {
  const ArmPrograms arm = attempt(program("#!/bin/sh\nexec sleep 1000\n"), std::chrono::milliseconds(50));
  EXPECT_FALSE(arm.run);
  EXPECT_THAT(arm.obstacle, HasSubstr("the check did not end"));
}

TEST_F(ArmPlatform, IsNamedOnceBesideWhatPeopleWrote) {
  tree.write("data/cc_config.xml",
             "<cc_config>\n  <options>\n    <alt_platform>vax-dec-vms</alt_platform>\n  </options>\n</cc_config>\n");
  set(true);
  set(true);
  EXPECT_EQ(file(),
            "<cc_config>\n  <options>\n    <alt_platform>vax-dec-vms</alt_platform>\n"
            "    <alt_platform>arm-unknown-linux-gnueabihf</alt_platform>\n  </options>\n</cc_config>\n");
}

TEST_F(ArmPlatform, MakesTheSectionThatItNeeds) {
  tree.write("data/cc_config.xml", "<cc_config>\n</cc_config>\n");
  set(true);
  EXPECT_EQ(file(),
            "<cc_config>\n  <options>\n    <alt_platform>arm-unknown-linux-gnueabihf</alt_platform>\n  </options>\n"
            "</cc_config>\n");
}

TEST_F(ArmPlatform, GoesAgainWhereTheNodeCannotRunIt) {
  const std::string rest =
      "<cc_config>\n  <options>\n    <alt_platform>vax-dec-vms</alt_platform>\n  </options>\n</cc_config>\n";
  tree.write("data/cc_config.xml", rest);
  set(true);
  EXPECT_NE(file(), rest);
  set(false);
  EXPECT_EQ(file(), rest);
}

TEST_F(ArmPlatform, InACommentCountsForNothing) {
  const std::string comment = "<!-- <alt_platform>arm-unknown-linux-gnueabihf</alt_platform> -->\n";
  tree.write("data/cc_config.xml", "<cc_config>\n" + comment + "</cc_config>\n");
  set(false);
  EXPECT_THAT(file(), HasSubstr(comment));
  set(true);
  EXPECT_THAT(file(), HasSubstr("    <alt_platform>arm-unknown-linux-gnueabihf</alt_platform>\n"));
}

TEST_F(ArmPlatform, LeavesAloneWhatIsNoSuchFile) {
  tree.write("data/cc_config.xml", "not BOINC's\n");
  set(false);
  EXPECT_EQ(file(), "not BOINC's\n");
  set(true);
  EXPECT_THAT(file(), Not(HasSubstr("alt_platform")));
}

TEST_F(ArmPlatform, HasNothingToTakeOutOfAFileThatIsNotThere) {
  set(false);
  EXPECT_FALSE(std::filesystem::exists(tree.path("data/cc_config.xml")));
}

}  // namespace
}  // namespace uebo::boinc
