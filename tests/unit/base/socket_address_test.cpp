#include "uebo/base/socket_address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace uebo {
namespace {

TEST(SocketAddress, HoldsAddressAndPortInNetworkOrder) {
  const auto ipv4 = socket_address(*IpAddress::parse("10.0.2.15"), 9100);
  EXPECT_EQ(ipv4.family(), AF_INET);
  EXPECT_EQ(ipv4.size, sizeof(sockaddr_in));
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in*>(ipv4.get())->sin_port), 9100);
  const auto ipv6 = socket_address(*IpAddress::parse("fd00::1"), 22);
  EXPECT_EQ(ipv6.family(), AF_INET6);
  EXPECT_EQ(ntohs(reinterpret_cast<const sockaddr_in6*>(ipv6.get())->sin6_port), 22);
}

TEST(SocketAddress, GivesBackTheAddressThatItWasMadeOf) {
  for (const char* text : {"10.0.2.15", "fd00::1"})
    EXPECT_EQ(ip_address_of(socket_address(*IpAddress::parse(text), 1).get()), IpAddress::parse(text));
  EXPECT_FALSE(ip_address_of(nullptr));
  EXPECT_FALSE(ip_address_of(unix_address("/run/some").value().get()));
}

TEST(SocketAddress, APathHasToFit) {
  const auto longest = unix_address(std::string(107, 'x'));
  ASSERT_TRUE(longest);
  EXPECT_STREQ(reinterpret_cast<const sockaddr_un*>(longest->get())->sun_path, std::string(107, 'x').c_str());
  const auto too_long = unix_address(std::string(108, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace uebo
