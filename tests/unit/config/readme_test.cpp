// The README's tables are made from the schema; here is what notices when they are not.
#include <gtest/gtest.h>

#include <string>

#include "uebo/base/file.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

/// What stands between `<!-- NAME: ... -->` and `<!-- end of NAME -->`.
std::string section(const std::string& readme, const std::string& name) {
  const std::size_t mark = readme.find("<!-- " + name + ": ");
  const std::size_t begin = readme.find('\n', mark);
  const std::size_t end = readme.find("<!-- end of " + name + " -->");
  if (mark == std::string::npos || end == std::string::npos) return "no place for it in README.md";
  return readme.substr(begin + 1, end - begin - 1);
}

TEST(Readme, HoldsTheTablesOfTheSchema) {
  const auto readme = read_file(UEBO_SOURCE_DIR "/README.md");
  ASSERT_TRUE(readme);
  constexpr const char* kHint = "run buildsteps/readme-tables";
  EXPECT_EQ(section(*readme, "arguments"), arguments_markdown()) << kHint;
  EXPECT_EQ(section(*readme, "keys"), service_keys_markdown()) << kHint;
  EXPECT_EQ(section(*readme, "conditions"), conditions_markdown()) << kHint;
}

TEST(Readme, FleetKnowsTheArguments) {
  const auto kept = read_file(UEBO_SOURCE_DIR "/buildsteps/fleet/arguments.json");
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, arguments_json()) << "run buildsteps/readme-tables";
}

}  // namespace
}  // namespace uebo::config
