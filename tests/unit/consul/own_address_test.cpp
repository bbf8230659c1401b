#include "../../../src/consul/own_address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "uebo/base/unique_fd.hpp"

namespace uebo::consul {
namespace {

TEST(OwnAddress, IsThatOfTheConnectionWhereOthersCanUseIt) {
  for (const char* text : {"10.0.0.1", "169.254.1.1", "fd00::1", "2001:db8::1"})
    EXPECT_EQ(own_address(IpAddress::parse(text)), IpAddress::parse(text)) << text;
}

TEST(OwnAddress, IsNeverOneThatMeansSomethingHereAlone) {
  for (const char* text : {"127.0.0.1", "::1", "fe80::1", "0.0.0.0", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(is_for_others(*IpAddress::parse(text))) << text;
    const auto other = own_address(IpAddress::parse(text));
    EXPECT_TRUE(!other || is_for_others(*other)) << text;
  }
}

TEST(TakesConnections, WhereSomebodyListensAlone) {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener.get(), generic, size), 0);
  ASSERT_EQ(getsockname(listener.get(), generic, &size), 0);
  const auto loopback = *IpAddress::parse("127.0.0.1");
  EXPECT_FALSE(takes_connections(loopback, ntohs(address.sin_port), std::chrono::seconds(1))) << "bound, not listening";
  ASSERT_EQ(listen(listener.get(), 1), 0);
  EXPECT_TRUE(takes_connections(loopback, ntohs(address.sin_port), std::chrono::seconds(1)));
  EXPECT_EQ(open_port(loopback, {1, ntohs(address.sin_port)}, std::chrono::seconds(1)), ntohs(address.sin_port));
  EXPECT_EQ(open_port(loopback, {1, 2}, std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(open_port(loopback, {}, std::chrono::seconds(1)), std::nullopt);
}

}  // namespace
}  // namespace uebo::consul
