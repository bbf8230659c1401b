#include "uebo/boot/lease.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string, std::less<>>;

Environment environment(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

const Variables kUsual{{"interface", "eth0"},       {"ip", "10.0.2.15"},    {"mask", "24"},
                       {"subnet", "255.255.255.0"}, {"router", "10.0.2.2"}, {"dns", "10.0.2.3 10.0.2.4"},
                       {"domain", "lan"},           {"ntpsrv", "10.0.2.5"}};

Variables with(const std::string& name, const std::string& value) {
  Variables variables = kUsual;
  variables[name] = value;
  return variables;
}

TEST(Lease, IsReadFromTheScriptsEnvironment) {
  const auto lease = parse_lease(environment(kUsual));
  ASSERT_TRUE(lease) << lease.error().message();
  EXPECT_EQ(lease->text(), "eth0 10.0.2.15/24");
  EXPECT_THAT(lease->routers, ElementsAre("10.0.2.2"));
  EXPECT_THAT(lease->name_servers, ElementsAre("10.0.2.3", "10.0.2.4"));
  EXPECT_THAT(lease->time_servers, ElementsAre("10.0.2.5"));
  EXPECT_EQ(lease->domain, "lan");
}

TEST(Lease, TakesThePrefixFromTheMaskOrTheClass) {
  Variables variables = kUsual;
  variables.erase("mask");
  variables["subnet"] = "255.255.240.0";
  EXPECT_EQ(parse_lease(environment(variables))->prefix, 20U);
  variables["subnet"] = "255.255.255.255";
  EXPECT_EQ(parse_lease(environment(variables))->prefix, 32U);
  variables["subnet"] = "255.0.255.0";
  EXPECT_EQ(parse_lease(environment(variables))->prefix, 8U);
  variables.erase("subnet");
  variables["ip"] = "172.16.0.9";
  EXPECT_EQ(parse_lease(environment(variables))->prefix, 16U);
  variables["ip"] = "192.168.0.9";
  EXPECT_EQ(parse_lease(environment(variables))->prefix, 24U);
}

TEST(Lease, WithoutAnAddressOrALinkIsAnError) {
  EXPECT_FALSE(parse_lease(environment(with("ip", "nowhere"))));
  EXPECT_FALSE(parse_lease(environment(with("interface", "../eth0"))));
  EXPECT_FALSE(parse_lease(environment({})));
}

TEST(Lease, LeavesOutWhatAServerMustNotSay) {
  const auto lease = parse_lease(environment(with("domain", "lan\nnameserver 6.6.6.6")));
  EXPECT_EQ(lease->domain, "");
  EXPECT_THAT(parse_lease(environment(with("dns", "10.0.2.3\noptions x")))->name_servers, IsEmpty());
  EXPECT_THAT(parse_lease(environment(with("ntpsrv", "-S /bin/sh 10.0.2.5")))->time_servers, ElementsAre("10.0.2.5"));
}

TEST(Resolver, TakesThreeServersAndOneSearchListOfAllLeases) {
  const auto lease = parse_lease(environment(kUsual));
  EXPECT_EQ(resolver_lines(*lease), "search lan\nnameserver 10.0.2.3\nnameserver 10.0.2.4\n");
  EXPECT_EQ(resolver_file({resolver_lines(*lease), "search other\nnameserver 10.0.2.3\nnameserver 1.1.1.1\n",
                           "nameserver 9.9.9.9\n"}),
            "search lan\nnameserver 10.0.2.3\nnameserver 10.0.2.4\nnameserver 1.1.1.1\n");
  EXPECT_EQ(resolver_file({}), "");
}

TEST(LinkName, IsNoPath) {
  EXPECT_TRUE(is_link_name("eth0"));
  EXPECT_TRUE(is_link_name("enx525400123456"));
  for (const char* name : {"", ".", "..", "a/b", "eth 0", "eth:0", "a-name-that-is-too-long"})
    EXPECT_FALSE(is_link_name(name)) << name;
}

}  // namespace
}  // namespace uebo::boot
