#include "uebo/base/ip_address.hpp"

#include <gtest/gtest.h>

namespace uebo {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, IsReadAndWritten) {
  for (const char* text : {"10.0.2.15", "255.255.255.255", "fd00::1", "::", "fe80::5054:ff:fe12:3456"})
    EXPECT_EQ(address(text).text(), text);
  EXPECT_EQ(address("FD00:0:0:0:0:0:0:1").text(), "fd00::1");
  for (const char* text :
       {"", "10.0.2", "10.0.2.256", "10.0.2.15/24", "[fd00::1]", "fe80::1%eth0", "host", " 10.0.0.1"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0x", 10)));
}

TEST(IpAddress, BytesAreThoseOfTheWire) {
  const IpAddress some = address("10.0.2.15");
  const auto bytes = some.bytes();
  ASSERT_EQ(bytes.size(), 4U);
  EXPECT_EQ(IpAddress::from_bytes(bytes), address("10.0.2.15"));
  EXPECT_EQ(IpAddress::from_bytes(address("fd00::7").bytes()), address("fd00::7"));
  EXPECT_FALSE(IpAddress::from_bytes(bytes.first(3)));
}

TEST(IpAddress, UnicastIsWhatAHostCanHave) {
  for (const char* text : {"10.0.2.15", "192.168.0.1", "8.8.8.8", "169.254.1.1", "fd00::1", "2001:db8::1", "fe80::1"})
    EXPECT_TRUE(address(text).is_unicast()) << text;
  for (const char* text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
                           "ff02::1", "::ffff:10.0.0.1", "::10.0.0.1"})
    EXPECT_FALSE(address(text).is_unicast()) << text;
}

TEST(IpAddress, LinkLocalIsOfBothFamilies) {
  EXPECT_TRUE(address("fe80::1").is_link_local());
  EXPECT_TRUE(address("169.254.3.4").is_link_local());
  EXPECT_FALSE(address("fec0::1").is_link_local());
  EXPECT_FALSE(address("10.0.0.1").is_link_local());
}

TEST(IpAddress, KnowsItsNetwork) {
  EXPECT_TRUE(address("10.0.2.15").shares_network(address("10.0.3.1"), 23));
  EXPECT_FALSE(address("10.0.2.15").shares_network(address("10.0.3.1"), 24));
  EXPECT_TRUE(address("fd00::1").shares_network(address("fd00::ffff"), 64));
  EXPECT_FALSE(address("fd00::1").shares_network(address("10.0.0.1"), 0)) << "another family";
  EXPECT_FALSE(address("10.0.2.15").shares_network(address("10.0.2.15"), 33));
  EXPECT_TRUE(address("10.0.2.0").names_network(24));
  EXPECT_TRUE(address("10.0.2.255").names_network(24));
  EXPECT_FALSE(address("10.0.2.255").names_network(23));
  EXPECT_FALSE(address("10.0.2.0").names_network(31));
  EXPECT_TRUE(address("fd00::").names_network(64));
  EXPECT_FALSE(address("fd00::ffff:ffff:ffff:ffff").names_network(64)) << "there is no broadcast";
}

TEST(Netmask, IsARowOfOnes) {
  EXPECT_EQ(prefix_of_netmask("255.255.240.0"), 20U);
  EXPECT_EQ(prefix_of_netmask("255.255.255.255"), 32U);
  EXPECT_EQ(prefix_of_netmask("128.0.0.0"), 1U);
  for (const char* text : {"0.0.0.0", "255.0.255.0", "0.0.0.255", "ffff::", "24", ""})
    EXPECT_FALSE(prefix_of_netmask(text)) << text;
}

TEST(Netmask, IsOfTheNetworksClassWhereThereIsNone) {
  EXPECT_EQ(prefix_of_class(address("10.0.2.15")), 8U);
  EXPECT_EQ(prefix_of_class(address("127.255.0.1")), 8U);
  EXPECT_EQ(prefix_of_class(address("128.0.0.1")), 16U);
  EXPECT_EQ(prefix_of_class(address("192.168.1.2")), 24U);
}

}  // namespace
}  // namespace uebo
