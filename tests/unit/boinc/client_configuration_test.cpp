#include "uebo/boinc/client_configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "../kernel/test_tree.hpp"

namespace uebo::boinc {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class ClientConfiguration : public testing::Test {
 protected:
  void configure(const std::string& command_line, Seal seal = Seal::ByOwner) {
    const auto configured =
        configure_client(tree.path("data"), config::KernelArgs::parse(command_line),
                         {.user = geteuid(), .group = getegid()}, seal, memory_percent, tree.path("projects.xml"));
    ASSERT_TRUE(configured) << configured.error().message();
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return std::filesystem::exists(tree.path("data/" + name));
  }
  [[nodiscard]] std::string read(const std::string& name) const { return tree.read("data/" + name); }
  [[nodiscard]] mode_t mode(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(lstat(tree.path("data/" + name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }

  unsigned memory_percent = kMostMemory;
  const kernel::test::TestTree tree;
  const std::string data = tree.directory("data");
  const std::string projects = tree.write("projects.xml", "<projects/>\n");
};

TEST_F(ClientConfiguration, WritesThePasswordForTheClientAlone) {
  configure("uebo.boinc.password=s3cret");
  EXPECT_EQ(read("gui_rpc_auth.cfg"), "s3cret\n");
  EXPECT_EQ(mode("gui_rpc_auth.cfg"), 0600U);
}

TEST_F(ClientConfiguration, MakesARandomPasswordAndKeepsIt) {
  configure("");
  const std::string password = read("gui_rpc_auth.cfg");
  EXPECT_THAT(password, MatchesRegex("[0-9a-f]{32}\n"));
  configure("");
  EXPECT_EQ(read("gui_rpc_auth.cfg"), password);
}

TEST_F(ClientConfiguration, PlansWithNoMoreMemoryThanTheServiceMayHave) {
  memory_percent = 66;
  configure("");
  EXPECT_THAT(read("global_prefs_override.xml"), HasSubstr("<ram_max_used_idle_pct>66</ram_max_used_idle_pct>"));
  tree.write("data/global_prefs_override.xml",
             "<global_preferences>\n<ram_max_used_busy_pct>80.5</ram_max_used_busy_pct>\n"
             "<ram_max_used_idle_pct>40</ram_max_used_idle_pct>\n</global_preferences>\n");
  configure("");
  EXPECT_THAT(read("global_prefs_override.xml"), HasSubstr("<ram_max_used_busy_pct>66</ram_max_used_busy_pct>"));
  EXPECT_THAT(read("global_prefs_override.xml"), HasSubstr("<ram_max_used_idle_pct>40</ram_max_used_idle_pct>"));
}

TEST_F(ClientConfiguration, SealsThePasswordByItsOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "giving files away needs root";
  tree.write("data/gui_rpc_auth.cfg", "s3cret\n");
  ASSERT_EQ(chown(tree.path("data/gui_rpc_auth.cfg").c_str(), 100, 100), 0);
  ASSERT_TRUE(seal_password(tree.path("data"), Seal::ByOwner));
  struct stat status{};
  ASSERT_EQ(lstat(tree.path("data/gui_rpc_auth.cfg").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
}

TEST_F(ClientConfiguration, SealsThePasswordByItsPlaceWhereThereAreNoOwners) {
  configure("");
  const std::string password = read("gui_rpc_auth.cfg");
  if (geteuid() != 0) GTEST_SKIP() << "giving files away needs root";
  ASSERT_TRUE(seal_password(tree.path("data"), Seal::ByPlace));
  EXPECT_FALSE(exists("gui_rpc_auth.cfg")) << "a task could read it there";
  EXPECT_EQ(tree.read("gui_rpc_auth.cfg"), password);
  tree.write("data/gui_rpc_auth.cfg", "a task's own\n");
  configure("", Seal::ByPlace);
  EXPECT_EQ(read("gui_rpc_auth.cfg"), password) << "the one that was sealed is kept";
  configure("uebo.boinc.password=s3cret");
  EXPECT_EQ(read("gui_rpc_auth.cfg"), "s3cret\n");
}

TEST_F(ClientConfiguration, LooksAtNoSealedPasswordWhereThereAreOwners) {
  tree.write("gui_rpc_auth.cfg", "came with the files of a card\n");
  tree.write("data/gui_rpc_auth.cfg", "s3cret\n");
  configure("");
  EXPECT_EQ(read("gui_rpc_auth.cfg"), "s3cret\n");
}

TEST_F(ClientConfiguration, TakesAnEmptyPasswordForNone) {
  tree.write("data/gui_rpc_auth.cfg", " \n");
  configure("");
  EXPECT_THAT(read("gui_rpc_auth.cfg"), MatchesRegex("[0-9a-f]{32}\n"));
}

TEST_F(ClientConfiguration, AdmitsTheHostsOfTheArgument) {
  configure("uebo.boinc.password=s3cret uebo.boinc.remote_hosts=10.0.2.2,manager.lan");
  EXPECT_EQ(read("remote_hosts.cfg"), "10.0.2.2\nmanager.lan\n");
  EXPECT_EQ(mode("remote_hosts.cfg"), 0600U);
}

TEST_F(ClientConfiguration, KeepsHostsThatWereWrittenByHandWhileThereIsAPassword) {
  tree.write("data/remote_hosts.cfg", "10.0.0.9\n");
  configure("uebo.boinc.password=s3cret");
  EXPECT_EQ(read("remote_hosts.cfg"), "10.0.0.9\n");
}

TEST_F(ClientConfiguration, KeepsRemoteAccessOffWithoutAPassword) {
  tree.write("data/remote_hosts.cfg", "10.0.0.9\n");
  tree.write("data/cc_config.xml",
             "<cc_config>\n<options>\n<allow_remote_gui_rpc>1</allow_remote_gui_rpc>\n</options>\n</cc_config>\n");
  configure("uebo.boinc.remote_hosts=10.0.2.2");
  EXPECT_FALSE(exists("remote_hosts.cfg"));
  EXPECT_EQ(read("remote_hosts.cfg.off"), "10.0.0.9\n");
  EXPECT_THAT(read("cc_config.xml"), HasSubstr("<allow_remote_gui_rpc>0</allow_remote_gui_rpc>"));
}

TEST_F(ClientConfiguration, AddsTheSettingsOfABoardWithoutTakingAnyAway) {
  tree.write("data/global_prefs_override.xml",
             "<global_preferences>\n  <ram_max_used_busy_pct>50</ram_max_used_busy_pct>\n</global_preferences>\n");
  configure("");
  const std::string preferences = read("global_prefs_override.xml");
  EXPECT_THAT(preferences, HasSubstr("<ram_max_used_busy_pct>50</ram_max_used_busy_pct>"));
  EXPECT_THAT(preferences, HasSubstr("<ram_max_used_idle_pct>90</ram_max_used_idle_pct>"));
  EXPECT_THAT(preferences, HasSubstr("<suspend_cpu_usage>0</suspend_cpu_usage>"));
  EXPECT_THAT(read("cc_config.xml"), HasSubstr("<options>"));
}

TEST_F(ClientConfiguration, LeavesAFileAloneThatItDoesNotUnderstand) {
  tree.write("data/cc_config.xml", "<cc_config>\n<options>");
  configure("");
  EXPECT_EQ(read("cc_config.xml"), "<cc_config>\n<options>");
}

TEST_F(ClientConfiguration, BringsTheProjectListWhereThereIsNone) {
  configure("");
  EXPECT_EQ(read("all_projects_list.xml"), "<projects/>\n");
  tree.write("data/all_projects_list.xml", "newer");
  configure("");
  EXPECT_EQ(read("all_projects_list.xml"), "newer");
}

TEST_F(ClientConfiguration, FollowsNoLinkOfATask) {
  const std::string secret = tree.write("outside/key", "root's\n");
  for (const char* name : {"gui_rpc_auth.cfg", "remote_hosts.cfg", "cc_config.xml", "global_prefs_override.xml"})
    ASSERT_EQ(symlink(secret.c_str(), tree.path(std::string("data/") + name).c_str()), 0);
  configure("uebo.boinc.password=s3cret uebo.boinc.remote_hosts=10.0.2.2");
  EXPECT_EQ(tree.read("outside/key"), "root's\n");
  EXPECT_EQ(read("gui_rpc_auth.cfg"), "s3cret\n");
}

TEST_F(ClientConfiguration, DoesNotCopyWhatATaskHasLinkedIn) {
  const std::string secret = tree.write("outside/key", "root's\n");
  ASSERT_EQ(link(secret.c_str(), tree.path("data/gui_rpc_auth.cfg").c_str()), 0);
  configure("");
  EXPECT_THAT(read("gui_rpc_auth.cfg"), MatchesRegex("[0-9a-f]{32}\n"));
}

}  // namespace
}  // namespace uebo::boinc
