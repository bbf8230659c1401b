#include "uebo/consul/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace uebo::consul {
namespace {

using config::ConsulService;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const Self kSelf{.name = "pine", .id = "i-d", .mac = "02:00:00:00:00:01", .version = "0.1", .architecture = "aarch64"};
const ConsulService kService{
    .name = "node_exporter", .port = 9100, .tags = {"a", "b"}, .meta = {{"k", "v"}}, .health = "/metrics"};

json body_of(Mode mode, const std::optional<ConsulService>& service, bool check,
             const std::string& address = "10.0.0.1") {
  return json::parse(register_request(mode, kSelf, address, service, check).body);
}

TEST(CatalogRegistration, CarriesTheWholeNodeAndTheServiceAndItsCheck) {
  EXPECT_EQ(body_of(Mode::Catalog, kService, true), json::parse(R"({
    "Node": "pine", "Address": "10.0.0.1", "ID": "i-d",
    "NodeMeta": {"external-node": "true", "external-probe": "true", "uebo": "0.1", "arch": "aarch64",
                 "mac": "02:00:00:00:00:01"},
    "Service": {"ID": "node_exporter", "Service": "node_exporter", "Port": 9100, "Address": "", "Tags": ["a", "b"],
                "Meta": {"node": "pine", "k": "v"}},
    "Checks": [{"Node": "pine", "CheckID": "uebo:node_exporter", "Name": "node_exporter answers", "Status": "passing",
                "ServiceID": "node_exporter",
                "Definition": {"HTTP": "http://10.0.0.1:9100/metrics", "Interval": "30s", "Timeout": "10s"}}]})"));
}

TEST(CatalogRegistration, WithoutAHealthPathTheCheckIsByTcp) {
  ConsulService plain = kService;
  plain.health.clear();
  const json definition = body_of(Mode::Catalog, plain, true, "fd00::1")["Checks"][0]["Definition"];
  EXPECT_EQ(definition["TCP"], "[fd00::1]:9100");
  EXPECT_FALSE(definition.contains("HTTP"));
}

TEST(CatalogRegistration, TheNodeAloneHasNoService) {
  const json body = body_of(Mode::Catalog, std::nullopt, false);
  EXPECT_FALSE(body.contains("Service"));
  EXPECT_FALSE(body.contains("Checks"));
  EXPECT_EQ(body["NodeMeta"]["external-node"], "true");
}

TEST(RegistrationAtAnAgent, HasATtlAndIsForgottenAfterTenMinutes) {
  const auto request = register_request(Mode::Agent, kSelf, "10.0.0.1", kService, false);
  EXPECT_EQ(request.path, "/v1/agent/service/register");
  EXPECT_EQ(json::parse(request.body), json::parse(R"({
    "ID": "node_exporter-pine", "Name": "node_exporter", "Port": 9100, "Address": "10.0.0.1", "Tags": ["a", "b"],
    "Meta": {"node": "pine", "k": "v", "uebo": "0.1", "id": "i-d", "mac": "02:00:00:00:00:01", "arch": "aarch64"},
    "Check": {"TTL": "90s", "Status": "passing", "DeregisterCriticalServiceAfter": "10m"}})"));
}

TEST(RegistrationAtAnAgent, IsMarkedAsOursWhateverTheServiceSays) {
  ConsulService posing = kService;
  posing.meta = {{"uebo", "x"}, {"id", "x"}, {"mac", "x"}, {"arch", "x"}, {"node", "x"}, {"k", "v"}};
  EXPECT_EQ(body_of(Mode::Agent, posing, false)["Meta"], body_of(Mode::Agent, kService, false)["Meta"]);
}

TEST(Requests, EscapeWhatAPathMayNotHold) {
  EXPECT_EQ(inspect_request(Mode::Catalog, "a b/c?").path, "/v1/catalog/node/a%20b%2Fc%3F");
  EXPECT_THAT(inspect_request(Mode::Agent, "pine").path, HasSubstr("filter=Meta.node%20%3D%3D%20%22pine%22"));
  EXPECT_EQ(watch_request("pine", 7, std::chrono::seconds(60)).path, "/v1/catalog/node/pine?index=7&wait=60s");
  EXPECT_GT(watch_request("pine", 7, std::chrono::seconds(60)).timeout, std::chrono::seconds(64));
}

// --- answers

TEST(NodeOfTheCatalog, IsReadAsTheServerShowsIt) {
  const auto node = parse_node(Mode::Catalog, R"({
    "Node": {"ID": "x", "Node": "pine", "Address": "10.0.0.1", "TaggedAddresses": null, "Meta": {"uebo": "1", "mac": "m"}},
    "Services": {"s": {"ID": "s", "Service": "web", "Tags": ["t"], "Address": "", "Meta": {"node": "pine"}, "Port": 80,
                       "Weights": {"Passing": 1}}}})");
  ASSERT_TRUE(node && *node);
  EXPECT_TRUE((*node)->is_ours());
  EXPECT_EQ((*node)->id, "x");
  EXPECT_EQ((*node)->mac(), "m");
  EXPECT_THAT(
      (*node)->services,
      ElementsAre(
          Pair("s", SeenService{.name = "web", .port = 80, .address = "", .tags = {"t"}, .meta = {{"node", "pine"}}})));
}

TEST(NodeOfTheCatalog, IsNoneWhereThereIsNone) {
  const auto node = parse_node(Mode::Catalog, "null\n");
  ASSERT_TRUE(node);
  EXPECT_FALSE(*node);
}

TEST(NodeOfTheCatalog, WhatIsMissingOrOfAnotherKindIsLeftOut) {
  for (const char* text : {R"({"Node": {}})", R"({"Node": {"ID": 7, "Meta": null}, "Services": null})",
                           R"({"Node": {"Meta": {"uebo": 1}}, "Services": {"a": null, "b": 7}})",
                           R"({"Node": {"Meta": []}, "Services": []})",
                           R"({"Node": {}, "Services": {"a": {"Port": -1.5, "Tags": [null], "Meta": {"x": null}}}})"}) {
    const auto node = parse_node(Mode::Catalog, text);
    ASSERT_TRUE(node && *node) << text;
    EXPECT_FALSE((*node)->is_ours()) << text;
    EXPECT_EQ((*node)->mac(), "unknown");
  }
}

TEST(NodeOfTheCatalog, WhatIsNestedDeepIsLeftOut) {
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  const auto node = parse_node(Mode::Catalog, R"({"Node": {"ID": "x", "More": )" + deep + "}, \"Services\": {}}");
  ASSERT_TRUE(node && *node);
  EXPECT_EQ((*node)->id, "x");
}

TEST(NodeOfTheCatalog, JunkIsAnErrorThatSaysWhatWasExpected) {
  for (const char* text : {"", "<html>", "[]", "7", "{}", R"({"Node": 1})", "{\"Node\": {", "\xff\xfe"}) {
    const auto node = parse_node(Mode::Catalog, text);
    ASSERT_FALSE(node) << text;
    EXPECT_THAT(node.error().message(), HasSubstr("expected null or an object with a \"Node\"")) << text;
  }
  EXPECT_FALSE(parse_node(Mode::Catalog, std::string(100'000, '[')));
  EXPECT_FALSE(parse_node(Mode::Catalog, std::string(60'000, '[') + std::string(60'000, ']')));
  EXPECT_FALSE(parse_node(Mode::Agent, "null"));
  EXPECT_FALSE(parse_node(Mode::Agent, "[]"));
}

TEST(ServicesOfAnAgent, TellWhoseTheyAre) {
  const auto none = parse_node(Mode::Agent, "{}");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  const auto node = parse_node(Mode::Agent, R"({"a-pine": {"Service": "a", "Port": 1, "Address": "10.0.0.1",
    "Meta": {"uebo": "1", "id": "x", "mac": "m", "node": "pine"}}})");
  ASSERT_TRUE(node && *node);
  EXPECT_TRUE((*node)->is_ours());
  EXPECT_EQ((*node)->id, "x");
  EXPECT_EQ((*node)->address, "10.0.0.1");
}

TEST(NodeIdInMetrics, IsTheLabelOfTheInfoLine) {
  EXPECT_EQ(node_id_in_metrics("# TYPE uebo_node_info gauge\nuebo_node_info{hostname=\"a\",id=\"x-y\",mac=\"m\"} 1\n"),
            "x-y");
  EXPECT_EQ(node_id_in_metrics("a 1\nuebo_node_info{id=\"x\"} 1"), "x");
  EXPECT_EQ(node_id_in_metrics("uebo_node_info{hostid=\"z\",id=\"x\"} 1"), "x");
  for (const char* text : {"", "uebo_node_info", "uebo_node_info{", "uebo_node_info{hostname=\"a\"} 1\nid=\"x\"",
                           "# uebo_node_info{id=\"x\"}", "other{id=\"x\"} 1"})
    EXPECT_EQ(node_id_in_metrics(text), std::nullopt) << text;
}

}  // namespace
}  // namespace uebo::consul
