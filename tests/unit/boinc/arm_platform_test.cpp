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
  [[nodiscard]] bool runs(const std::string& check, std::chrono::milliseconds limit = kArmCheckLimit) const {
    return runs_arm_programs(self, check, limit);
  }
  void set(bool runs) const {
    const auto data = kernel::SafeDirectory::open(tree.path("data"));
    ASSERT_TRUE(data);
    const auto done = set_arm_platform(*data, runs, self);
    ASSERT_TRUE(done) << done.error().message();
  }
  [[nodiscard]] std::string file() const { return tree.read("data/cc_config.xml"); }

  const kernel::Owner self{.user = geteuid(), .group = getegid()};
  const kernel::test::TestTree tree;
  const std::string data = tree.directory("data");
};

TEST_F(ArmPlatform, IsHadWhereTheProgramEndsWell) {
  EXPECT_TRUE(runs(program("#!/bin/sh\nexit 0\n")));
  EXPECT_FALSE(runs(program("#!/bin/sh\nexit 127\n"))) << "ld.so(8): a library is missing";
  EXPECT_FALSE(runs(program("#!/bin/sh\nkill -ILL $$\n")));
}

TEST_F(ArmPlatform, IsNotHadWithoutTheProgramTheLoaderOrTheKernelsHelp) {
  EXPECT_FALSE(runs(tree.path("absent")));
  EXPECT_FALSE(runs(program("#!/absent/loader\n"))) << "ENOENT, as with an ELF file whose loader is missing";
  EXPECT_FALSE(runs(program("\x7f\x45LF of another kind"))) << "ENOEXEC";
}

TEST_F(ArmPlatform, IsNotHadWhereTheProgramNeverEnds) {
  EXPECT_FALSE(runs(program("#!/bin/sh\nexec sleep 1000\n"), std::chrono::milliseconds(50)));
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
