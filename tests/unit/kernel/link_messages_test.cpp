// The parser alone, on messages put together here: whole ones, foreign ones, and broken ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <sys/socket.h>

#include <array>
#include <limits>
#include <random>
#include <string>

#include "../../../src/kernel/netlink.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel {
namespace {

using netlink::Request;

using Bytes = std::vector<std::byte>;
using Mac = std::array<unsigned char, 6>;

constexpr Mac some_mac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

template <std::size_t size>
std::array<char, size> text(const char (&literal)[size]) {
  std::array<char, size> copy;
  std::copy_n(literal, size, copy.begin());
  return copy;
}

ifinfomsg information(int index, unsigned flags, unsigned short type = ARPHRD_ETHER) {
  ifinfomsg info{};
  info.ifi_index = index;
  info.ifi_flags = flags;
  info.ifi_type = type;
  return info;
}

/// A nested attribute IFLA_LINKINFO that holds IFLA_INFO_KIND.
template <std::size_t size>
auto kind(const char (&name)[size]) {
  struct Kind {
    rtattr header;
    std::array<char, size> name;
  };
  static_assert(sizeof(rtattr) == 4);
  return Kind{{static_cast<unsigned short>(sizeof(rtattr) + size), IFLA_INFO_KIND}, text(name)};
}

Request ethernet(std::uint16_t type = RTM_NEWLINK, unsigned flags = IFF_UP | IFF_LOWER_UP) {
  Request message(type, 0, information(2, flags));
  message.add(IFLA_IFNAME, text("eth0"));
  message.add(IFLA_ADDRESS, some_mac);
  return message;
}

Bytes joined(std::initializer_list<Request> messages) {
  Bytes all;
  for (const Request& message : messages) all.insert(all.end(), message.bytes().begin(), message.bytes().end());
  return all;
}

TEST(ParseLinkMessages, ReadsALink) {
  const auto found = parse_link_messages(ethernet().bytes());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].index, 2);
  EXPECT_EQ(found[0].name, "eth0");
  EXPECT_EQ(found[0].mac, "52:54:00:12:34:56");
  EXPECT_TRUE(found[0].ethernet && found[0].up && found[0].carrier);
  EXPECT_FALSE(found[0].removed);
}

TEST(ParseLinkMessages, ReadsUpWithoutCarrierAndRemoval) {
  const auto found = parse_link_messages(joined({ethernet(RTM_NEWLINK, IFF_UP), ethernet(RTM_DELLINK, 0)}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].up && !found[0].carrier && !found[0].removed);
  EXPECT_TRUE(found[1].removed && !found[1].up);
}

TEST(ParseLinkMessages, BridgesAndTunnelsAreNoEthernetButPortsOfASwitchAre) {
  Request bridge(RTM_NEWLINK, 0, information(3, IFF_UP));
  bridge.add(IFLA_IFNAME, text("br0"));
  bridge.add(IFLA_LINKINFO, kind("bridge"));
  Request port(RTM_NEWLINK, 0, information(4, IFF_UP));
  port.add(IFLA_IFNAME, text("lan1"));
  port.add(IFLA_LINKINFO, kind("dsa"));
  Request tunnel(RTM_NEWLINK, 0, information(5, IFF_UP, ARPHRD_SIT));
  tunnel.add(IFLA_IFNAME, text("sit0"));
  const auto found = parse_link_messages(joined({bridge, port, tunnel}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0].ethernet);
  EXPECT_TRUE(found[1].ethernet);
  EXPECT_FALSE(found[2].ethernet);
}

TEST(ParseLinkMessages, VlanIsEthernetAndTellsItsMtu) {
  Request vlan(RTM_NEWLINK, 0, information(6, IFF_UP));
  vlan.add(IFLA_IFNAME, text("eth0.5"));
  vlan.add(IFLA_MTU, std::uint32_t{9000});
  vlan.add(IFLA_LINKINFO, kind("vlan"));
  const auto found = parse_link_messages(vlan.bytes());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].ethernet);
  EXPECT_EQ(found[0].mtu, 9000u);
}

TEST(ParseLinkMessages, NewsOfABridgesPortIsNotTheLinksOwn) {
  ifinfomsg port = information(2, 0);
  port.ifi_family = AF_BRIDGE;
  Request message(RTM_DELLINK, 0, port);
  message.add(IFLA_IFNAME, text("eth0"));
  EXPECT_TRUE(parse_link_messages(message.bytes()).empty());
}

TEST(ParseLinkMessages, PassesOverOtherMessagesAndLinksWithoutAName) {
  const Request nameless(RTM_NEWLINK, 0, information(2, 0));
  const Request done(NLMSG_DONE, 0, 0);
  const auto found = parse_link_messages(joined({done, nameless, ethernet(), Request(RTM_NEWADDR, 0, ifaddrmsg{})}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "eth0");
}

TEST(ParseLinkMessages, AddressThatIsNoMacIsLeftOut) {
  Request message(RTM_NEWLINK, 0, information(2, 0));
  message.add(IFLA_IFNAME, text("ib0"));
  message.add(IFLA_ADDRESS, std::array<unsigned char, 20>{1});
  Request zero(RTM_NEWLINK, 0, information(1, 0, ARPHRD_LOOPBACK));
  zero.add(IFLA_IFNAME, text("lo"));
  zero.add(IFLA_ADDRESS, Mac{});
  const auto found = parse_link_messages(joined({message, zero}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].mac, "");
  EXPECT_EQ(found[1].mac, "");
}

TEST(ParseLinkMessages, NameIsAtMostWhatTheKernelAllows) {
  Request message(RTM_NEWLINK, 0, information(2, 0));
  message.add(IFLA_IFNAME, std::array<char, 40>{'a', 'b'});
  std::array<char, 40> unended;
  unended.fill('x');
  Request longer(RTM_NEWLINK, 0, information(3, 0));
  longer.add(IFLA_IFNAME, unended);
  const auto found = parse_link_messages(joined({message, longer}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "ab");
  EXPECT_EQ(found[1].name, std::string(IFNAMSIZ - 1, 'x'));
}

TEST(ParseLinkMessages, MessageCutShortIsNone) {
  const Bytes whole = joined({ethernet(), ethernet()});
  const std::size_t one = whole.size() / 2;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));  // its end is the heap's
    EXPECT_EQ(parse_link_messages(part).size(), length / one) << length;
  }
}

TEST(ParseLinkMessages, LengthsThatLieEndIt) {
  for (const std::uint32_t length : {0u, 1u, 15u, 1000u, 0xffffffffu}) {
    Bytes message = joined({ethernet()});
    memcpy(message.data(), &length, sizeof length);
    EXPECT_TRUE(parse_link_messages(message).empty()) << length;
  }
  // An attribute that says it is longer than its message, or shorter than its own header.
  for (const std::uint16_t length : {std::uint16_t{0}, std::uint16_t{3}, std::uint16_t{0xffff}}) {
    Bytes message = joined({ethernet()});
    memcpy(message.data() + sizeof(nlmsghdr) + sizeof(ifinfomsg), &length, sizeof length);
    EXPECT_TRUE(parse_link_messages(message).empty()) << length;
  }
}

TEST(ParseLinkMessages, AnyBytesAreTaken) {
  std::minstd_rand random(1);
  const Bytes whole = joined({ethernet(), ethernet(RTM_DELLINK), ethernet()});
  for (int round = 0; round < 20'000; ++round) {
    Bytes message = whole;
    for (int change = 0; change < 4; ++change) message[random() % message.size()] = std::byte(random() & 0xff);
    EXPECT_LE(parse_link_messages(message).size(), message.size() / (sizeof(nlmsghdr) + sizeof(ifinfomsg)));
  }
}

TEST(NetlinkFailure, CarriesErrnoAndTheKernelsWords) {
  struct Body {
    int code;
    nlmsghdr request;
  };
  Request refused(NLMSG_ERROR, 0, Body{-ENETUNREACH, {}});
  refused.add(NLMSGERR_ATTR_MSG, text("Nexthop has invalid gateway"));
  const auto failure = netlink::failure_in(refused.bytes());
  EXPECT_EQ(failure.code, ENETUNREACH);
  EXPECT_EQ(failure.words, "Nexthop has invalid gateway");
  EXPECT_EQ(netlink::failure_in(Request(NLMSG_ERROR, 0, Body{0, {}}).bytes()).code, 0);
  EXPECT_EQ(netlink::failure_in(Request(NLMSG_DONE, 0, -EBUSY).bytes()).code, EBUSY);
  EXPECT_EQ(netlink::failure_in(Request(NLMSG_DONE, 0, std::numeric_limits<int>::min()).bytes()).code, EPROTO);
  EXPECT_EQ(netlink::failure_in(ethernet().bytes()).code, 0);
}

}  // namespace
}  // namespace uebo::kernel
