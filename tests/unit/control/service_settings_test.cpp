#include "uebo/control/service_settings.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "../kernel/test_tree.hpp"

namespace uebo::control {
namespace {

using kernel::test::TestTree;
using nlohmann::json;

class ServiceSettingsTest : public testing::Test {
 protected:
  Kept keep(bool enabled, bool mounted = true, const std::string& service = "boinc") {
    const auto kept = keep_enabled({.services = tree.path("usr"),
                                    .storage = tree.path("storage"),
                                    .this_boot = tree.path("run/this-boot"),
                                    .storage_mounted = mounted},
                                   service, enabled);
    if (!kept) ADD_FAILURE() << kept.error().message();
    return kept.value_or(Kept{});
  }
  [[nodiscard]] bool exists(const std::string& name) const { return std::filesystem::exists(tree.path(name)); }
  [[nodiscard]] json kept_file() const { return json::parse(tree.read("storage/services/boinc.json"), nullptr, false); }

  TestTree tree;
};

TEST_F(ServiceSettingsTest, DisablingIsKeptInStorage) {
  const Kept kept = keep(false);
  EXPECT_TRUE(kept.for_good);
  EXPECT_EQ(kept.path, tree.path("storage/services/boinc.json"));
  EXPECT_EQ(kept_file(), json({{"enabled", false}}));
  EXPECT_FALSE(exists("run/this-boot/boinc.json"));
  struct stat status{};
  ASSERT_EQ(stat(kept.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
}

TEST_F(ServiceSettingsTest, EnablingRemovesTheFileThatSaysNothingMore) {
  keep(false);
  const Kept kept = keep(true);
  EXPECT_TRUE(kept.for_good);
  EXPECT_FALSE(exists("storage/services/boinc.json"));
  EXPECT_TRUE(keep(true).for_good);  // twice is no error
}

TEST_F(ServiceSettingsTest, OtherKeysStay) {
  tree.write("storage/services/boinc.json", R"({"enabled": true, "note": "of the house"})");
  keep(false);
  EXPECT_EQ(kept_file(), json({{"enabled", false}, {"note", "of the house"}}));
  keep(true);
  EXPECT_EQ(kept_file(), json({{"note", "of the house"}}));
}

TEST_F(ServiceSettingsTest, EnablingAServiceThatIsOffByDefaultIsKept) {
  tree.write("usr/boinc.json", R"({"description": "x", "command": ["/bin/x"], "enabled": false})");
  keep(true);
  EXPECT_EQ(kept_file(), json({{"enabled", true}}));
  keep(false);
  EXPECT_FALSE(exists("storage/services/boinc.json"));
}

TEST_F(ServiceSettingsTest, AnInstanceIsKeptByName) {
  tree.write("usr/getty@.json", R"({"description": "x", "command": ["/bin/x"]})");
  keep(true, true, "getty@tty1");
  EXPECT_EQ(json::parse(tree.read("storage/services/getty@tty1.json")), json({{"enabled", true}}));
  keep(false, true, "getty@tty1");
  EXPECT_EQ(json::parse(tree.read("storage/services/getty@tty1.json")), json({{"enabled", false}}));
}

TEST_F(ServiceSettingsTest, WhatPeopleWroteKeepsItsOrder) {
  tree.write("storage/services/boinc.json", R"({"nice": 3, "environment": {"B": "1", "A": "2"}})");
  keep(false);
  const std::string text = tree.read("storage/services/boinc.json");
  EXPECT_LT(text.find("nice"), text.find("environment"));
  EXPECT_LT(text.find("\"B\""), text.find("\"A\""));
}

TEST_F(ServiceSettingsTest, WithoutStorageOnlyThisBootKnows) {
  const Kept kept = keep(false, false);
  EXPECT_FALSE(kept.for_good);
  EXPECT_EQ(kept.path, tree.path("run/this-boot/boinc.json"));
  EXPECT_EQ(kept.warning, "");
  EXPECT_EQ(json::parse(tree.read("run/this-boot/boinc.json")), json({{"enabled", false}}));
  EXPECT_FALSE(exists("storage"));
  keep(true, false);
  EXPECT_EQ(json::parse(tree.read("run/this-boot/boinc.json")), json({{"enabled", true}}));
  keep(true);
  EXPECT_FALSE(exists("run/this-boot/boinc.json")) << "it is kept for good now";
}

TEST_F(ServiceSettingsTest, AFileThatIsNoJsonIsLeftAlone) {
  tree.write("storage/services/boinc.json", "enabled = false");
  const Kept kept = keep(false);
  EXPECT_FALSE(kept.for_good);
  EXPECT_EQ(kept.warning, "read " + tree.path("storage/services/boinc.json") + ": no JSON object; mend or remove it");
  EXPECT_EQ(tree.read("storage/services/boinc.json"), "enabled = false");
  EXPECT_TRUE(exists("run/this-boot/boinc.json"));
}

TEST_F(ServiceSettingsTest, AStorageThatCannotBeWrittenIsAWarning) {
  tree.write("storage/services", "a file");
  const Kept kept = keep(false);
  EXPECT_FALSE(kept.for_good);
  EXPECT_NE(kept.warning, "");
}

}  // namespace
}  // namespace uebo::control
