#include "uebo/config/service_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../../src/config/service_schema.hpp"

namespace uebo::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChangedKeys, AreNoneBetweenEquals) {
  ServiceSpec before;
  ServiceSpec after = before;
  after.origins = {"another.json"};
  EXPECT_THAT(changed_keys(before, after), IsEmpty());
}

TEST(ChangedKeys, SayWhenTheyApply) {
  ServiceSpec before;
  ServiceSpec after = before;
  after.description = "other";
  after.environment["A"] = "1";
  after.log.count = 2;
  after.longest_backoff = std::chrono::seconds(1);
  EXPECT_THAT(changed_keys(before, after),
              ElementsAre(ChangedKey{.name = "description", .applies = Applies::AtOnce},
                          ChangedKey{.name = "environment", .applies = Applies::ByRestart},
                          ChangedKey{.name = "longest_backoff", .applies = Applies::AtOnce},
                          ChangedKey{.name = "log", .applies = Applies::AtNextStart}));
}

TEST(ChangedKeys, OfTheSchemaCanAllBeCompared) {
  for (const Key& key : service_keys()) {
    const bool is_note = key.name == "$schema" || key.name == "remarks";
    EXPECT_EQ(key.same == nullptr, is_note) << key.name;
  }
}

TEST(KeysWithoutRestart, AreKeysOfTheSchema) {
  for (const std::string_view name : keys_without_restart())
    EXPECT_NE(std::ranges::find(service_keys(), name, &Key::name), service_keys().end()) << name;
}

}  // namespace
}  // namespace uebo::config
