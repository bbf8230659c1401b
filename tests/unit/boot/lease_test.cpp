#include "uebo/boot/lease.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

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

TEST(Lease, AddressThatNoHostCanHaveIsAnError) {
  for (const char* ip : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "240.1.1.1", "10.0.2.0", "10.0.2.255",
                         "fd00::1", "10.0.2.15 10.0.2.16", "10.0.2.15\n"})
    EXPECT_FALSE(parse_lease(environment(with("ip", ip)))) << ip;
}

TEST(Lease, LeavesOutServersThatNoHostCanBe) {
  const auto lease = parse_lease(environment(with("router", "0.0.0.0 255.255.255.255 10.0.2.2 127.0.0.1")));
  EXPECT_THAT(lease->routers, ElementsAre("10.0.2.2"));
}

TEST(Lease, TakesAFewServersOfMany) {
  std::string many;
  for (int host = 1; host < 64; ++host) many += "10.0.2." + std::to_string(host) + " ";
  const auto lease = parse_lease(environment(with("dns", many)));
  EXPECT_EQ(lease->name_servers.size(), 8U);
  EXPECT_EQ(lease->name_servers.front(), "10.0.2.1");
}

TEST(Lease, TakesAnMtuThatLeavesIpv6Alive) {
  EXPECT_EQ(parse_lease(environment(kUsual))->mtu, std::nullopt);
  EXPECT_EQ(parse_lease(environment(with("mtu", "9000")))->mtu, 9000U);
  EXPECT_EQ(parse_lease(environment(with("mtu", "1280")))->mtu, 1280U);
  for (const char* mtu : {"0", "68", "576", "1279", "65536", "-1", "9000 ", "many", ""})
    EXPECT_EQ(parse_lease(environment(with("mtu", mtu)))->mtu, std::nullopt) << mtu;
}

TEST(Lease, TakesAnyEnvironment) {
  std::minstd_rand random(3);
  const std::vector<std::string> names{"interface", "ip", "mask", "subnet", "router", "dns", "domain", "ntpsrv", "mtu"};
  for (int round = 0; round < 20'000; ++round) {
    Variables variables = kUsual;
    for (int change = 0; change < 3; ++change) {
      std::string& value = variables[names[random() % names.size()]];
      if (random() % 8 == 0)
        value = std::string(random() % 600, static_cast<char>(random() % 255 + 1));
      else if (!value.empty())
        value[random() % value.size()] = static_cast<char>(random() % 255 + 1);
    }
    const auto lease = parse_lease(environment(variables));
    if (!lease) continue;
    EXPECT_TRUE(is_link_name(lease->link));
    EXPECT_TRUE(lease->prefix >= 1 && lease->prefix <= 32);
    for (const char c : resolver_lines(*lease)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f));
  }
}

TEST(LinkName, IsNoPath) {
  EXPECT_TRUE(is_link_name("eth0"));
  EXPECT_TRUE(is_link_name("enx525400123456"));
  for (const char* name : {"", ".", "..", "a/b", "eth 0", "eth:0", "a-name-that-is-too-long"})
    EXPECT_FALSE(is_link_name(name)) << name;
}

}  // namespace
}  // namespace uebo::boot
