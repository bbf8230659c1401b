#include "uebo/boot/network_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

NetworkPlan plan(const std::string& command_line) { return NetworkPlan(config::KernelArgs::parse(command_line)); }

std::vector<std::string> names(const std::string& link, const LinkPlan& plan) {
  const LinkUnits units = units_of(link, plan);
  std::vector<std::string> names = units.instances;
  for (const auto& unit : units.units) names.push_back(unit.name);
  return names;
}

TEST(NetworkPlan, WithoutSettingsEveryLinkAsks) {
  auto none = plan("quiet");
  EXPECT_THAT(names("eth0", none.plan_for("eth0")), ElementsAre("dhcp@eth0", "ipv6@eth0"));
  EXPECT_THAT(names("eth1", none.plan_for("eth1")), ElementsAre("dhcp@eth1", "ipv6@eth1"));
}

TEST(NetworkPlan, LinkWithAnAddressGetsNoDhcpClient) {
  auto fixed = plan("uebo.net=10.0.0.5::10.0.0.1:24::eth1:off");
  EXPECT_THAT(names("eth0", fixed.plan_for("eth0")), ElementsAre("dhcp@eth0", "ipv6@eth0"));
  EXPECT_THAT(names("eth1", fixed.plan_for("eth1")), ElementsAre("ipv6@eth1", "static@eth1"));
  EXPECT_FALSE(plan("uebo.net=[fd00::5]:::64::eth0:off").plan_for("eth0").dhcp);
}

TEST(NetworkPlan, BothFamiliesAndDhcpMayStandBesideEachOther) {
  auto both = plan("uebo.net=10.0.0.5:::24::eth0 uebo.net=[fd00::5]:::64::eth0");
  EXPECT_THAT(both.plan_for("eth0").addresses, ElementsAre("10.0.0.5:::24::eth0", "[fd00::5]:::64::eth0"));
  auto mixed = plan("uebo.net=[fd00::5]:::64::eth0 uebo.net=:::::eth0:dhcp");
  EXPECT_THAT(names("eth0", mixed.plan_for("eth0")), ElementsAre("dhcp@eth0", "ipv6@eth0", "static@eth0"));
  EXPECT_FALSE(mixed.plan_for("eth0").dhcp_left_out);
  const LinkPlan dropped = plan("uebo.net=10.0.0.5:::24::eth0 uebo.net=:::::eth0:dhcp").plan_for("eth0");
  EXPECT_FALSE(dropped.dhcp) << "a lease would take the other IPv4 address away";
  EXPECT_TRUE(dropped.dhcp_left_out) << "which is worth a line";
}

TEST(NetworkPlan, SettingsWithoutADeviceAreForTheFirstLinkWithACarrier) {
  auto nameless = plan("uebo.net=10.0.0.5:::24 uebo.net=:::::eth1:dhcp uebo.net=:::::eth0.5:dhcp");
  EXPECT_THAT(nameless.plan_for("eth1").addresses, IsEmpty()) << "a setting names it";
  EXPECT_THAT(nameless.plan_for("eth0.5").addresses, IsEmpty());
  EXPECT_THAT(nameless.plan_for("eth2").addresses, ElementsAre("10.0.0.5:::24"));
  EXPECT_THAT(names("eth0", nameless.plan_for("eth0")), ElementsAre("dhcp@eth0", "ipv6@eth0"));
  EXPECT_THAT(nameless.plan_for("eth2").addresses, ElementsAre("10.0.0.5:::24")) << "it stays the first";
}

TEST(NetworkPlan, LinkThatIsOffIsLeftAlone) {
  auto off = plan("uebo.net=:::::eth1:off");
  EXPECT_THAT(names("eth1", off.plan_for("eth1")), IsEmpty());
  EXPECT_TRUE(off.is_off("eth1"));
  EXPECT_FALSE(off.is_off("eth0"));
  EXPECT_FALSE(plan("uebo.net=10.0.0.5:::24::eth1:off").is_off("eth1"));
}

TEST(NetworkPlan, KnowsTheDevicesThatAreNamed) {
  EXPECT_THAT(
      plan("uebo.net=10.0.0.5:::24 uebo.net=:::::eth1:dhcp uebo.net=:::::eth0.5:dhcp uebo.net=[fd00::5]:::64::eth1")
          .devices(),
      ElementsAre("eth0.5", "eth1"));
}

TEST(NetworkPlan, KnowsTheVlansThatAreToBeMade) {
  const auto vlans = plan("uebo.net=:::::eth0.5:dhcp uebo.net=10.0.0.5:::24::eth1.7 uebo.net=dhcp").vlans();
  EXPECT_THAT(vlans, ElementsAre(Pair("eth0.5", config::Vlan{.parent = "eth0", .id = 5}),
                                 Pair("eth1.7", config::Vlan{.parent = "eth1", .id = 7})));
}

TEST(NetworkPlan, ABadSettingLeavesItsLinkToDhcp) {
  auto bad = plan("uebo.net=10.0.0.5:::300::eth0:off");
  EXPECT_THAT(names("eth0", bad.plan_for("eth0")), ElementsAre("dhcp@eth0", "ipv6@eth0"));
}

TEST(NetworkPlan, NamesTheNode) {
  EXPECT_EQ(plan("uebo.net=10.0.0.5:::24::eth0 uebo.net=::::pine-07:eth1:dhcp").host_name(), "pine-07");
  EXPECT_EQ(plan("").host_name(), std::nullopt);
}

TEST(StaticUnit, HoldsItsAddressesWhileTheLinkHasACarrier) {
  const LinkUnits units = units_of("eth0", plan("uebo.net=10.0.0.5:::24").plan_for("eth0"));
  ASSERT_EQ(units.units.size(), 1U);
  EXPECT_THAT(units.units[0].command, ElementsAre("/sbin/uebo", "static-address", "eth0", "10.0.0.5:::24"));
  EXPECT_THAT(units.units[0].needs, ElementsAre("link:eth0"));
  EXPECT_TRUE(config::is_service_name(units.units[0].name));
}

TEST(StaticUnit, TellsItsServers) {
  const auto setting = config::parse_network_setting("10.0.0.5:::24::eth0:off:10.0.0.2:[fd00::2]:10.0.0.4").value();
  const auto lists = server_lists({setting});
  EXPECT_EQ(lists.resolver, "nameserver 10.0.0.2\nnameserver fd00::2\n");
  EXPECT_THAT(lists.time_servers, ElementsAre("10.0.0.4"));
}

TEST(AddressHolders, AreAllThatMayHoldTheNet) {
  EXPECT_THAT(address_holders("eth0"), ElementsAre("dhcp@eth0", "ipv6@eth0", "static@eth0"));
}

}  // namespace
}  // namespace uebo::boot
