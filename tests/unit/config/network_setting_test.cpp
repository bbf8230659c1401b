#include "uebo/config/network_setting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Way = NetworkSetting::Way;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

NetworkSetting good(std::string_view text) {
  const auto setting = parse_network_setting(text);
  EXPECT_TRUE(setting) << text << ": " << setting.error();
  return setting.value_or(NetworkSetting{});
}

std::string bad(std::string_view text) {
  const auto setting = parse_network_setting(text);
  EXPECT_FALSE(setting) << text;
  return setting ? "" : setting.error();
}

TEST(NetworkSetting, ReadsEveryField) {
  const auto setting = good("10.0.0.5:10.0.0.9:10.0.0.1:255.255.255.0:pine-07:eth1:off:10.0.0.2:10.0.0.3:10.0.0.4");
  EXPECT_EQ(setting.way, Way::Static);
  EXPECT_EQ(setting.address, ip("10.0.0.5"));
  EXPECT_EQ(setting.prefix, 24U);
  EXPECT_EQ(setting.gateway, ip("10.0.0.1"));
  EXPECT_EQ(setting.host_name, "pine-07");
  EXPECT_EQ(setting.device, "eth1");
  EXPECT_THAT(setting.name_servers, ElementsAre(ip("10.0.0.2"), ip("10.0.0.3")));
  EXPECT_THAT(setting.time_servers, ElementsAre(ip("10.0.0.4")));
}

TEST(NetworkSetting, ReadsIpv6InBrackets) {
  const auto setting = good("[fd00::5]::[fe80::1]:48::eth0:none:[fd00::2]:10.0.0.3:[fd00::4]");
  EXPECT_EQ(setting.way, Way::Static);
  EXPECT_EQ(setting.address, ip("fd00::5"));
  EXPECT_EQ(setting.prefix, 48U);
  EXPECT_EQ(setting.gateway, ip("fe80::1"));
  EXPECT_THAT(setting.name_servers, ElementsAre(ip("fd00::2"), ip("10.0.0.3")));
  EXPECT_THAT(setting.time_servers, ElementsAre(ip("fd00::4")));
}

TEST(NetworkSetting, FieldsAtTheEndMayBeLeftOut) {
  EXPECT_EQ(good("10.0.0.5").prefix, 8U) << "the class says it, as in the kernel";
  EXPECT_EQ(good("172.16.0.5").prefix, 16U);
  EXPECT_EQ(good("192.168.1.5").prefix, 24U);
  EXPECT_EQ(good("[fd00::5]").prefix, 64U);
  EXPECT_EQ(good("10.0.0.5:::20").prefix, 20U);
  EXPECT_EQ(good("10.0.0.5:::20").device, "");
  EXPECT_EQ(good(":::::eth0").way, Way::Dhcp);
}

TEST(NetworkSetting, AutoconfIsTheKernels) {
  for (const char* word : {"dhcp", "on", "any"}) {
    EXPECT_EQ(good(word).way, Way::Dhcp) << word;
    EXPECT_EQ(good("::::::" + std::string(word)).way, Way::Dhcp) << word;
  }
  for (const char* word : {"", "on", "any", "off", "none"})
    EXPECT_EQ(good("10.0.0.5:::24:::" + std::string(word)).way, Way::Static) << word;
  for (const char* word : {"off", "none"}) EXPECT_EQ(good(":::::eth1:" + std::string(word)).way, Way::Off) << word;
}

TEST(NetworkSetting, SaysWhatIsWrongAndWhatWasExpected) {
  EXPECT_THAT(bad("10.0.0.5:::300"), HasSubstr(R"(netmask "300", expected a length from 1 to 32)"));
  EXPECT_THAT(bad("10.0.0.5:::255.0.255.0"), HasSubstr(R"(netmask "255.0.255.0")"));
  EXPECT_THAT(bad("10.0.0.5:::0"), HasSubstr(R"(netmask "0")"));
  EXPECT_THAT(bad("[fd00::5]:::129"), HasSubstr(R"(netmask "129", expected a length from 1 to 128)"));
  EXPECT_THAT(bad("[fd00::5]:::255.255.255.0"), HasSubstr("netmask"));
  EXPECT_THAT(bad("10.0.0"), HasSubstr(R"(autoconf "10.0.0", expected dhcp, on, any, off or none)"));
  EXPECT_THAT(bad("10.0.0.256::"), HasSubstr(R"(client address "10.0.0.256")"));
  EXPECT_THAT(bad("127.0.0.1::"), HasSubstr("client address"));
  EXPECT_THAT(bad("224.0.0.1"), HasSubstr("client address"));
  EXPECT_THAT(bad("10.0.0.0:::24"), HasSubstr("it is the network's own"));
  EXPECT_THAT(bad("10.0.0.255:::24"), HasSubstr("it is the network's own"));
  EXPECT_THAT(bad("10.0.0.5:server:::"), HasSubstr(R"(server "server")"));
  EXPECT_THAT(bad("10.0.0.5::gateway:24"), HasSubstr(R"(gateway "gateway")"));
  EXPECT_THAT(bad("10.0.0.5::10.1.0.1:24"), HasSubstr("in the network of 10.0.0.5/24"));
  EXPECT_THAT(bad("10.0.0.5::[fe80::1]:24"), HasSubstr("gateway"));
  EXPECT_THAT(bad("[fd00::5]::10.0.0.1:64"), HasSubstr("gateway"));
  EXPECT_THAT(bad("10.0.0.5:::24:-bad-:eth0"), HasSubstr(R"(host name "-bad-")"));
  EXPECT_THAT(bad(":::::eth/0:dhcp"), HasSubstr(R"(device "eth/0")"));
  EXPECT_THAT(bad(":::::a-name-too-long-by-far:dhcp"), HasSubstr("device"));
  for (const char* device : {"eth0.0", "eth0.4095", "eth0.x", "eth0.", ".5", "eth0.05"})
    EXPECT_THAT(bad(":::::" + std::string(device) + ":dhcp"), HasSubstr("a VLAN from 1 to 4094")) << device;
  EXPECT_THAT(bad(":::::eth0:bootp"), HasSubstr(R"(autoconf "bootp")"));
  EXPECT_THAT(bad("10.0.0.5:::24::eth0:dhcp"), HasSubstr(R"(autoconf "dhcp", expected off or nothing beside)"));
  EXPECT_THAT(bad("off"), HasSubstr("a device that is to be left alone"));
  EXPECT_THAT(bad("10.0.0.5:::24::eth0:off:name"), HasSubstr(R"(name server "name")"));
  EXPECT_THAT(bad("10.0.0.5:::24::eth0:off:::pool"), HasSubstr(R"(time server "pool")"));
  EXPECT_THAT(bad("::10.0.0.1:24::eth0:dhcp"), HasSubstr(R"(gateway "10.0.0.1", expected a client address)"));
  EXPECT_THAT(bad("::::::dhcp:10.0.0.2"), HasSubstr(R"(name server "10.0.0.2", expected a client address)"));
  EXPECT_THAT(bad("fd00::5:::64::eth0:off"), HasSubstr("fd00")) << "no brackets";
  EXPECT_THAT(bad("2001:db8:1:2:3:4:5:6::::64::eth0:off"), HasSubstr("brackets"));
  EXPECT_THAT(bad("10.0.0.5:::24::eth0:off::::more"), HasSubstr("more than 10 fields"));
  EXPECT_THAT(bad("[fd00::5"), HasSubstr(R"(client address "[fd00::5")"));
  EXPECT_THAT(bad(""), HasSubstr("expected dhcp"));
}

TEST(NetworkSetting, AnyTextIsTaken) {
  std::minstd_rand random(7);
  const std::string whole = "[fd00::5]::[fe80::1]:48:pine:eth0.5:none:[fd00::2]:10.0.0.3:[fd00::4]";
  const std::string_view alphabet = ":[].0f5e\\\"/%-\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole.substr(0, random() % (whole.size() + 1));
    for (int change = 0; change < 3 && !text.empty(); ++change)
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    const auto setting = parse_network_setting(text);
    if (!setting) {
      EXPECT_THAT(setting.error(), HasSubstr("expected"));
    } else if (setting->way == Way::Static) {
      EXPECT_TRUE(setting->address && setting->prefix >= 1);
    }
  }
}

TEST(Vlan, IsInTheNameOfTheDevice) {
  EXPECT_EQ(vlan_of("eth0.5"), (Vlan{.parent = "eth0", .id = 5}));
  EXPECT_EQ(vlan_of("lan.1.4094"), (Vlan{.parent = "lan.1", .id = 4094}));
  EXPECT_EQ(vlan_of("eth0"), std::nullopt);
}

TEST(NetworkArgument, ABadOneIsOneLineAndTheOthersCount) {
  const auto args = KernelArgs::parse("uebo.net=10.0.0.5:::300::eth0 uebo.net=:::::eth1:dhcp uebo.net=10.0.0.6:::24");
  EXPECT_THAT(args.warnings(),
              ElementsAre("uebo.net=10.0.0.5:::300::eth0: netmask \"300\", expected a length from 1 to 32, or the form "
                          "255.255.255.0"));
  EXPECT_THAT(args.all("uebo.net"), ElementsAre(":::::eth1:dhcp", "10.0.0.6:::24"));
  EXPECT_THAT(KernelArgs::parse("uebo.net").warnings(), ElementsAre(HasSubstr("uebo.net has no value")));
  EXPECT_THAT(KernelArgs::parse("uebo.net=").all("uebo.net"), IsEmpty());
}

}  // namespace
}  // namespace uebo::config
