#include "../../../src/consul/unit_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::consul {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Units, ThatRunAndAreForConsulAreSeen) {
  const auto seen = parse_units(R"({"ok": true, "generation": 12, "units": [
    {"name": "node_exporter", "state": "running", "up": true,
     "consul": {"name": "n", "port": 9100, "tags": ["t"], "meta": {"k": "v"}, "health": "/m"}},
    {"name": "stopped", "state": "stopping", "consul": {"name": "s", "port": 1}},
    {"name": "plain", "state": "running", "up": true}]})");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->generation, 12U);
  EXPECT_THAT(seen->running,
              ElementsAre(Pair("node_exporter",
                               config::ConsulService{
                                   .name = "n", .port = 9100, .tags = {"t"}, .meta = {{"k", "v"}}, .health = "/m"})));
}

TEST(Units, WhatIsOfAnotherKindIsLeftOut) {
  const auto seen = parse_units(R"({"units": [7, null, {}, {"state": "running", "up": true, "consul": 7},
    {"name": "a", "state": "running", "up": true, "consul": {"name": "n", "port": 70000}},
    {"name": "b", "state": "running", "up": true, "consul": {"port": 1}},
    {"name": "c", "state": "running", "up": true, "consul": {"name": "n", "port": -1, "tags": {"a": 1}, "meta": []}}]})");
  ASSERT_TRUE(seen);
  EXPECT_THAT(seen->running, IsEmpty());
}

TEST(Units, JunkIsAnError) {
  for (const char* text : {"", "{}", "[]", R"({"units": 7})", R"({"ok": false, "error": "no"})"})
    EXPECT_FALSE(parse_units(text)) << text;
}

}  // namespace
}  // namespace uebo::consul
