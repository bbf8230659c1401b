#include "uebo/config/conditions.hpp"

#include <gtest/gtest.h>

#include <set>

namespace uebo::config {
namespace {

TEST(Conditions, AreNamedOnceAndExplained) {
  std::set<std::string_view> names;
  for (const ConditionInfo& condition : conditions()) {
    EXPECT_TRUE(names.insert(condition.name).second) << condition.name;
    EXPECT_FALSE(condition.meaning.empty()) << condition.name;
    EXPECT_TRUE(is_condition(condition.name));
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"storage", "storage-settled", "modules-settled", "net", "clock"}));
}

TEST(Conditions, OfLinksAreOnesOfAnyInterface) {
  EXPECT_TRUE(is_condition("link:eth0"));
  EXPECT_TRUE(is_condition("link:%i"));
  EXPECT_TRUE(is_condition("link:enx001122334455"));
  for (const char* name : {"link:", "link", "link:0123456789abcdef", "link:a/b", "link:a b", "link:a:b"})
    EXPECT_FALSE(is_condition(name)) << name;
}

TEST(Conditions, AreNotServices) {
  EXPECT_FALSE(is_condition("boinc"));
  EXPECT_FALSE(is_condition(""));
  EXPECT_FALSE(is_condition("Storage"));
}

TEST(ConditionsMarkdown, HasARowForEachCondition) {
  const std::string text = conditions_markdown();
  for (const ConditionInfo& condition : conditions())
    EXPECT_NE(text.find("| `" + std::string(condition.name) + "` | "), std::string::npos) << condition.name;
  EXPECT_NE(text.find("| `link:"), std::string::npos);
}

}  // namespace
}  // namespace uebo::config
