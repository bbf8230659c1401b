#include "uebo/kernel/link.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

#include "../../../src/kernel/netlink.hpp"
#include "in_namespaces.hpp"
#include "links.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::kernel {
namespace {

using test::find;
using test::in_namespaces;
using test::make_veth;
using testing::ElementsAre;
using testing::HasSubstr;

/// The IPv4 addresses of a link, by the C library.
std::vector<std::string> addresses(const std::string& link) {
  std::vector<std::string> found;
  ifaddrs* all = nullptr;
  EXPECT_EQ(getifaddrs(&all), 0);
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || link != entry->ifa_name) continue;
    const auto text = [](const sockaddr* address) {
      return std::string(inet_ntoa(reinterpret_cast<const sockaddr_in*>(address)->sin_addr));
    };
    found.push_back(text(entry->ifa_addr) + " " + text(entry->ifa_netmask));
  }
  freeifaddrs(all);
  return found;
}

/// The lines of the routing table that are default routes: gateway and metric as /proc/net/route shows them.
std::vector<std::string> default_routes() {
  std::vector<std::string> found;
  std::string table = read_file("/proc/thread-self/net/route").value_or("");
  for (std::size_t start = 0, end = 0; (end = table.find('\n', start)) != std::string::npos; start = end + 1) {
    std::array<char, 32> link{};
    unsigned destination = 0, gateway = 0, flags = 0, metric = 0, mask = 0;
    if (sscanf(table.substr(start, end - start).c_str(), "%31s %x %x %x %*d %*d %u %x", link.data(), &destination,
               &gateway, &flags, &metric, &mask) == 6 &&
        destination == 0 && mask == 0)
      found.push_back(std::string(link.data()) + " " + inet_ntoa({gateway}) + " " + std::to_string(metric));
  }
  return found;
}

TEST(Links, LoopbackIsThereAndNoEthernet) {
  in_namespaces(CLONE_NEWNET, [] {
    const auto all = links();
    ASSERT_TRUE(all) << all.error().message();
    const Link* loopback = find(*all, "lo");
    ASSERT_NE(loopback, nullptr);
    EXPECT_FALSE(loopback->ethernet);
    EXPECT_FALSE(loopback->up);
    EXPECT_EQ(loopback->mac, "");
    EXPECT_EQ(node_mac(), std::nullopt);
  });
}

TEST(Links, NodeIsNamedByTheEthernetLinkOfLowestIndex) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    const auto all = links();
    ASSERT_TRUE(all);
    const Link* first = find(*all, "eth7");
    const Link* second = find(*all, "eth8");
    ASSERT_TRUE(first != nullptr && second != nullptr);
    EXPECT_TRUE(first->ethernet);
    EXPECT_EQ(first->mac, "52:54:00:00:00:07");
    EXPECT_EQ(node_mac(), first->index < second->index ? first->mac : second->mac);
  });
}

TEST(Links, SetUpLinkIsUpAndHasACarrierOnceItsPeerIsUp) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    auto all = links();
    EXPECT_TRUE(find(*all, "eth7")->up);
    EXPECT_FALSE(find(*all, "eth7")->carrier);
    EXPECT_FALSE(find(*all, "eth8")->up);
    ASSERT_TRUE(set_link_up("eth8"));
    all = links();
    EXPECT_TRUE(find(*all, "eth7")->carrier);
  });
}

TEST(Links, LinkThatIsMissingIsAnError) {
  for (const auto& result : {set_link_up("nolink0"), set_address("nolink0", "10.0.2.15", 24),
                             flush_addresses("nolink0"), set_default_route("nolink0", "", 100)}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENODEV);
    EXPECT_THAT(result.error().message(), HasSubstr("nolink0"));
  }
}

TEST(LinkMtu, IsSetAndRefusedWhereTheDeviceCannot) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_mtu("eth7", 9000));
    EXPECT_EQ(find_link("eth7")->mtu, 9000u);
    EXPECT_THAT(set_mtu("eth7", 70'000).error().message(), HasSubstr("the MTU of eth7 to 70000"));
    EXPECT_EQ(find_link("eth9").error().code, ENODEV);
  });
}

bool shown(const std::string& command, const std::string& pattern) {
  return system(("PATH=/usr/sbin:/sbin:$PATH; " + command + " | grep -q '" + pattern + "'").c_str()) == 0;
}

TEST(LinkAddress, Ipv6AddressesAreAddedAndRemovedBesideOthers) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    const auto first = IpAddress::parse("fd00::5").value(), second = IpAddress::parse("fd00::6").value();
    const auto added = add_address("eth7", first, 64);
    ASSERT_TRUE(added) << added.error().message();
    EXPECT_TRUE(add_address("eth7", first, 64)) << "it is there already";
    EXPECT_TRUE(add_address("eth7", second, 64));
    EXPECT_TRUE(add_address("eth7", IpAddress::parse("10.0.2.15").value(), 24));
    EXPECT_TRUE(shown("ip addr show eth7", "inet6 fd00::5/64"));
    EXPECT_TRUE(remove_address("eth7", first, 64));
    EXPECT_TRUE(remove_address("eth7", first, 64)) << "it is gone already";
    EXPECT_FALSE(shown("ip addr show eth7", "inet6 fd00::5/64"));
    EXPECT_TRUE(shown("ip addr show eth7", "inet6 fd00::6/64"));
    EXPECT_TRUE(shown("ip addr show eth7", "inet 10.0.2.15/24 brd 10.0.2.255"));
    EXPECT_TRUE(remove_address("eth9", first, 64)) << "its link is gone";
    EXPECT_EQ(add_address("eth7", first, 129).error().code, EINVAL);
  });
}

TEST(DefaultRoute, IsOfTheGatewaysFamily) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    ASSERT_TRUE(set_link_up("eth8"));
    ASSERT_TRUE(add_address("eth7", IpAddress::parse("fd00::5").value(), 64));
    const auto result = set_default_route("eth7", "fe80::1", 102);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_TRUE(set_default_route("eth7", "fe80::1", 102)) << "it is there already";
    EXPECT_TRUE(shown("ip -6 route show default", "default via fe80::1 dev eth7 .*metric 102"));
  });
}

TEST(LinkAddress, ReplacesTheOthersOfItsLink) {
  in_namespaces(CLONE_NEWNET, [] {
    ASSERT_TRUE(set_link_up("lo"));
    const auto result = set_address("lo", "10.0.2.15", 24);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(addresses("lo"), ElementsAre("10.0.2.15 255.255.255.0"));
    // In the same subnet: the old one is the primary address, which takes secondary ones along when it goes.
    EXPECT_TRUE(set_address("lo", "10.0.2.16", 24));
    EXPECT_THAT(addresses("lo"), ElementsAre("10.0.2.16 255.255.255.0"));
    EXPECT_TRUE(set_address("lo", "192.168.1.2", 16));
    EXPECT_THAT(addresses("lo"), ElementsAre("192.168.1.2 255.255.0.0"));
    EXPECT_TRUE(set_address("lo", "192.168.1.2", 24));
    EXPECT_THAT(addresses("lo"), ElementsAre("192.168.1.2 255.255.255.0"));
    EXPECT_TRUE(set_address("lo", "192.168.1.2", 24));
    EXPECT_THAT(addresses("lo"), ElementsAre("192.168.1.2 255.255.255.0"));
    EXPECT_TRUE(flush_addresses("lo"));
    EXPECT_THAT(addresses("lo"), ElementsAre());
  });
}

TEST(LinkAddress, ThereIsNoMomentWithoutAnAddress) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    const auto news = netlink::open_socket(RTMGRP_IPV4_IFADDR, SOCK_NONBLOCK);
    ASSERT_TRUE(news);
    ASSERT_TRUE(set_address("eth7", "10.0.2.16", 24));
    ASSERT_TRUE(set_address("eth7", "10.0.3.16", 24));
    std::set<in_addr_t> held{inet_addr("10.0.2.15")};
    std::vector<std::byte> buffer(netlink::datagram_size);
    while (auto datagram = netlink::receive(news->get(), buffer)) {
      while (auto message = netlink::next_message(*datagram)) {
        ASSERT_TRUE(netlink::take<ifaddrmsg>(message->payload));
        while (auto attribute = netlink::next_attribute(message->payload)) {
          if (attribute->type != IFA_LOCAL) continue;
          const auto local = netlink::take<in_addr_t>(attribute->value).value();
          if (message->header.nlmsg_type == RTM_NEWADDR) held.insert(local);
          if (message->header.nlmsg_type == RTM_DELADDR) held.erase(local);
        }
        EXPECT_FALSE(held.empty());
      }
    }
    EXPECT_THAT(held, ElementsAre(inet_addr("10.0.3.16")));
  });
}

TEST(LinkAddress, OtherLinksKeepTheirs) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    ASSERT_TRUE(set_address("eth8", "10.0.3.15", 24));
    ASSERT_TRUE(flush_addresses("eth8"));
    EXPECT_THAT(addresses("eth7"), ElementsAre("10.0.2.15 255.255.255.0"));
  });
}

TEST(LinkAddress, FlushTakesSecondaryAddressesToo) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_EQ(system("PATH=/usr/sbin:/sbin:$PATH; for i in 1 2 3; do ip addr add 10.0.2.$i/24 dev eth7; done"), 0);
    const auto result = flush_addresses("eth7");
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(addresses("eth7"), ElementsAre());
  });
}

TEST(LinkAddress, HasABroadcastAddressWhereTheSubnetHasOne) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    const auto shown = [](const std::string& pattern) {
      return system(("PATH=/usr/sbin:/sbin:$PATH; ip -4 addr show eth7 | grep -q '" + pattern + "'").c_str()) == 0;
    };
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 23));
    EXPECT_TRUE(shown("inet 10.0.2.15/23 brd 10.0.3.255"));
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 32));
    EXPECT_TRUE(shown("inet 10.0.2.15/32 scope"));
  });
}

TEST(LinkAddress, OutlivesItsPrimaryAddressWherePromotionCannotBeSwitchedOn) {
  in_namespaces(CLONE_NEWNET | CLONE_NEWNS, [] {
    make_veth();
    ASSERT_TRUE(write_kernel_file("/proc/sys/net/ipv4/conf/all/promote_secondaries", "0"));
    ASSERT_TRUE(mount_api("tmpfs", "/proc/sys", 0));
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    ASSERT_TRUE(set_address("eth7", "10.0.2.16", 24));
    EXPECT_THAT(addresses("eth7"), ElementsAre("10.0.2.16 255.255.255.0"));
  });
}

TEST(LinkAddress, BadAddressOrPrefixIsRefusedWithAWord) {
  in_namespaces(CLONE_NEWNET, [] {
    EXPECT_THAT(set_address("lo", "10.0.2", 24).error().message(), HasSubstr("\"10.0.2\""));
    EXPECT_THAT(set_address("lo", "10.0.2.15", 33).error().message(), HasSubstr("10.0.2.15/33 of lo"));
    EXPECT_EQ(set_address("lo", "10.0.2.15", 0).error().code, EINVAL);
    EXPECT_THAT(addresses("lo"), ElementsAre());
  });
}

TEST(DefaultRoute, ReplacesTheOneOfItsMetricAndLeavesOthers) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    ASSERT_TRUE(set_link_up("eth8"));
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    ASSERT_TRUE(set_address("eth8", "10.0.3.15", 24));
    const auto result = set_default_route("eth7", "10.0.2.2", 100);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.2 100"));
    EXPECT_TRUE(set_default_route("eth7", "10.0.2.3", 100));
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.3 100"));
    EXPECT_TRUE(set_default_route("eth8", "10.0.3.2", 200));
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.3 100", "eth8 10.0.3.2 200"));
  });
}

TEST(DefaultRoute, IsRemovedByLinkAndMetric) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    ASSERT_TRUE(set_default_route("eth7", "10.0.2.2", 100));
    ASSERT_TRUE(set_default_route("eth7", "10.0.2.2", 200));
    const auto removed = remove_default_route("eth7", 100);
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.2 200"));
    EXPECT_TRUE(remove_default_route("eth7", 100)) << "it is gone already";
    EXPECT_TRUE(remove_default_route("eth8", 200)) << "it is another link's";
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.2 200"));
  });
}

TEST(DefaultRoute, NeedsNoGateway) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    const auto result = set_default_route("eth7", "", 100);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(default_routes(), ElementsAre("eth7 0.0.0.0 100"));
  });
}

TEST(DefaultRoute, SurvivesARenewedAddress) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    ASSERT_TRUE(set_address("eth7", "10.0.2.15", 24));
    ASSERT_TRUE(set_default_route("eth7", "10.0.2.2", 100));
    ASSERT_TRUE(set_address("eth7", "10.0.2.16", 24));
    EXPECT_THAT(default_routes(), ElementsAre("eth7 10.0.2.2 100"));
  });
}

TEST(DefaultRoute, GatewayOutOfReachIsAnErrorInTheKernelsWords) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    ASSERT_TRUE(set_link_up("eth7"));
    const auto result = set_default_route("eth7", "10.9.9.9", 100);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENETUNREACH);
    EXPECT_THAT(result.error().message(), testing::AllOf(HasSubstr("by 10.9.9.9"), HasSubstr("gateway")));
    EXPECT_THAT(set_default_route("eth7", "gateway", 100).error().message(), HasSubstr("\"gateway\""));
  });
}

}  // namespace
}  // namespace uebo::kernel
