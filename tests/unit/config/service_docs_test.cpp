#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../../../src/config/service_schema.hpp"
#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(ServiceSchema, ServicesSchemaJsonIsUpToDate) {
  const auto kept = read_file(UEBO_SOURCE_DIR "/services/schema.json");
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, service_json_schema()) << "make it anew: uebo check --schema > services/schema.json";
}

TEST(ServiceSchema, IsJsonThatNamesEveryKey) {
  const auto schema = nlohmann::json::parse(service_json_schema());
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], (nlohmann::json{"description", "command"}));
  for (const Key& key : service_keys())
    EXPECT_EQ(schema["properties"][key.name]["description"], std::string(key.meaning)) << key.name;
  EXPECT_EQ(schema["properties"]["stop"]["properties"]["timeout"]["default"], "10s");
  EXPECT_EQ(schema["properties"]["binds"]["items"]["required"], (nlohmann::json{"source", "target"}));
  EXPECT_EQ(schema["properties"]["needs"]["items"]["type"], "string");
}

std::string members_of_defaults(Table table) {
  std::string text;
  for (const Key& key : table) {
    if (key.fallback.empty() || key.fallback == "null" || key.name == "ready") continue;
    const bool object = key.form.keys && !key.form.list;
    text += (text.empty() ? "\"" : ", \"") + std::string(key.name) + "\": ";
    text += object ? "{" + members_of_defaults(*key.form.keys) + "}" : std::string(key.fallback);
  }
  return text;
}

TEST(ServiceSchema, DefaultsInTheTableAreThoseOfTheSpec) {
  // A service that is ready at once has no time-out for that.
  const std::string required = R"({"description": "d", "command": ["/a"], "ready": "notify")";
  const auto plain = parse_service(required + "}", "a", "");
  const auto explicit_defaults = parse_service(required + ", " + members_of_defaults(service_keys()) + "}", "a", "");
  for (const Problem& problem : explicit_defaults.problems) ADD_FAILURE() << problem.message();
  EXPECT_EQ(plain.spec, explicit_defaults.spec);
  EXPECT_EQ(parse_service(R"({"description": "d", "command": ["/a"], "ready": "simple"})", "a", "").spec,
            parse_service(R"({"description": "d", "command": ["/a"]})", "a", "").spec);
}

TEST(ServiceSchema, EveryKeyIsExplained) {
  for (const Key& key : service_keys()) {
    EXPECT_FALSE(key.meaning.empty()) << key.name;
    EXPECT_FALSE(key.form.expected.empty()) << key.name;
  }
}

TEST(ServiceKeysMarkdown, HasARowForEachKeyAndThoseWithin) {
  const std::string text = service_keys_markdown();
  for (const Key& key : service_keys()) EXPECT_THAT(text, HasSubstr("| `" + std::string(key.name) + "` | "));
  EXPECT_THAT(text, HasSubstr("| `stop.timeout` | "));
  EXPECT_THAT(text, HasSubstr("| `directories[].owner` | "));
  EXPECT_THAT(text, HasSubstr("| `command` | a list of texts, the first an absolute path | required | "));
}

TEST(ServiceKeysMarkdown, HasFourColumnsInEachRow) {
  const std::string text = service_keys_markdown();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::string row = text.substr(begin, text.find('\n', begin) - begin);
    EXPECT_EQ(std::ranges::count(row, '|'), 5) << row;
    begin += row.size() + 1;
  }
}

}  // namespace
}  // namespace uebo::config
