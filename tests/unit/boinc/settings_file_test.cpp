#include "uebo/boinc/settings_file.hpp"

#include <gtest/gtest.h>

#include <array>

namespace uebo::boinc {
namespace {

constexpr std::array kSettings{Setting{"disk_interval", "600"}, Setting{"run_on_batteries", "1"}};

std::optional<std::string> preferences(std::string_view text) {
  return add_missing(text, "global_preferences", "global_preferences", kSettings);
}

TEST(AddMissing, FillsAnEmptyFile) {
  EXPECT_EQ(preferences("<global_preferences>\n</global_preferences>\n"),
            "<global_preferences>\n  <disk_interval>600</disk_interval>\n  <run_on_batteries>1</run_on_batteries>\n"
            "</global_preferences>\n");
}

TEST(AddMissing, KeepsWhatIsThere) {
  const std::string text =
      "<global_preferences>\n  <disk_interval>5</disk_interval>\n  "
      "<max_ncpus_pct>50</max_ncpus_pct>\n</global_preferences>\n";
  EXPECT_EQ(preferences(text),
            "<global_preferences>\n  <disk_interval>5</disk_interval>\n  <max_ncpus_pct>50</max_ncpus_pct>\n"
            "  <run_on_batteries>1</run_on_batteries>\n</global_preferences>\n");
}

TEST(AddMissing, ChangesNothingTheSecondTime) {
  const auto once = preferences("<global_preferences></global_preferences>");
  ASSERT_TRUE(once);
  EXPECT_EQ(preferences(*once), once);
}

TEST(AddMissing, TakesAnEmptyTagForASetting) {
  const std::string text = "<global_preferences>\n<disk_interval/><run_on_batteries />\n</global_preferences>";
  EXPECT_EQ(preferences(text), text);
}

TEST(AddMissing, DoesNotTakeANameForALongerOne) {
  const auto text = preferences("<global_preferences>\n<disk_interval_x>1</disk_interval_x>\n</global_preferences>");
  EXPECT_NE(text->find("<disk_interval>600"), std::string::npos);
}

TEST(AddMissing, LeavesCommentsAlone) {
  const auto text = preferences(
      "<!-- <global_preferences> -->\n<global_preferences>\n<!-- <disk_interval>1</disk_interval>\n"
      "</global_preferences> -->\n</global_preferences>\n");
  EXPECT_EQ(
      text,
      "<!-- <global_preferences> -->\n<global_preferences>\n<!-- <disk_interval>1</disk_interval>\n"
      "</global_preferences> -->\n  <disk_interval>600</disk_interval>\n  <run_on_batteries>1</run_on_batteries>\n"
      "</global_preferences>\n");
}

TEST(AddMissing, MakesTheSectionWhereItIsMissing) {
  constexpr std::array settings{Setting{"no_gpus", "1"}};
  EXPECT_EQ(add_missing("<cc_config>\n  <log_flags>\n  </log_flags>\n</cc_config>\n", "cc_config", "options", settings),
            "<cc_config>\n  <log_flags>\n  </log_flags>\n  <options>\n    <no_gpus>1</no_gpus>\n  </options>\n"
            "</cc_config>\n");
  EXPECT_EQ(add_missing("<cc_config>\n  <options>\n  </options>\n</cc_config>\n", "cc_config", "options", settings),
            "<cc_config>\n  <options>\n    <no_gpus>1</no_gpus>\n  </options>\n</cc_config>\n");
}

TEST(AddMissing, RefusesAnotherKindOfFile) {
  EXPECT_FALSE(preferences(""));
  EXPECT_FALSE(preferences("<global_preferences>"));
  EXPECT_FALSE(preferences("<html></html>"));
}

TEST(Value, IsReadAndReplacedOutsideOfComments) {
  const std::string text = "<!-- <a>1</a> --><a>2</a>";
  EXPECT_EQ(value_of(text, "a"), "2");
  EXPECT_EQ(with_value(text, {"a", "0"}), "<!-- <a>1</a> --><a>0</a>");
  EXPECT_EQ(value_of(text, "b"), std::nullopt);
  EXPECT_EQ(with_value(text, {"b", "0"}), text);
}

}  // namespace
}  // namespace uebo::boinc
