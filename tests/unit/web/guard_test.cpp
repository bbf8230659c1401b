#include "uebo/web/guard.hpp"

#include <gmock/gmock.h>

namespace uebo::web {
namespace {

using testing::ElementsAre;

const OwnNames kNames{.host = "node-7", .domains = {"rack.example.org"}};

TEST(Guard, AnswersToAddressesAndItsOwnNames) {
  for (const auto* host :
       {"10.0.2.15:9101", "10.0.2.15", "[fd00::7]:9101", "[::1]", "localhost:9101", "node-7", "NODE-7:9101",
        "node-7.local", "node-7.home.arpa:80", "node-7.lan", "node-7.rack.example.org:9101"})
    EXPECT_TRUE(is_own_host(host, kNames)) << host;
}

TEST(Guard, DoesNotAnswerToTheNamesOfOthers) {
  for (const auto* host :
       {"", ":9101", "evil.example", "node-7.evil.example", "node-77", "node-7x.local", "local", "node-7.",
        "10.0.2.15.evil.example", "[fd00::7", "[fd00::7]x", "example.org", "rack.example.org", "::1"})
    EXPECT_FALSE(is_own_host(host, kNames)) << host;
  EXPECT_FALSE(is_own_host("anything", {.host = "", .domains = {}}));
}

TEST(Guard, TakesAPageFromElsewhereByItsOrigin) {
  EXPECT_TRUE(is_own_origin("", "node-7:9101"));
  EXPECT_TRUE(is_own_origin("http://node-7:9101", "node-7:9101"));
  EXPECT_TRUE(is_own_origin("https://Node-7", "node-7"));
  for (const auto* origin : {"null", "http://evil.example", "http://node-7", "node-7:9101", "file://node-7:9101"})
    EXPECT_FALSE(is_own_origin(origin, "node-7:9101")) << origin;
}

TEST(Guard, ReadsTheDomainsOfResolvConf) {
  EXPECT_THAT(
      search_domains(
          "nameserver 10.0.2.3\nsearch Rack.Example.org.  other.test\n# search not.this\ndomain third\nsearch\n"),
      ElementsAre("rack.example.org", "other.test", "third"));
  EXPECT_THAT(search_domains("search a"), ElementsAre("a"));
}

TEST(Guard, GivesJsonToWhoAsksForItAndAPageToBrowsers) {
  EXPECT_TRUE(wants_json("application/json"));
  EXPECT_TRUE(wants_json("application/json, */*;q=0.1"));
  EXPECT_FALSE(wants_json("text/html,application/xhtml+xml,application/json;q=0.9"));
  EXPECT_FALSE(wants_json("*/*"));
  EXPECT_FALSE(wants_json(""));
}

}  // namespace
}  // namespace uebo::web
