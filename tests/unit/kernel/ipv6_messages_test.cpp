// Messages as the kernel sends them, with options as anybody on the wire may send them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <sys/socket.h>

#include <cstring>
#include <random>

#include "../../../src/kernel/netlink.hpp"
#include "uebo/kernel/ipv6.hpp"

namespace uebo::kernel {
namespace {

using netlink::Request;
using testing::ElementsAre;
using testing::IsEmpty;
using Bytes = std::vector<std::byte>;

constexpr int kLink = 2;
constexpr std::uint8_t kAdvertisement = 134;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

Bytes bytes(std::initializer_list<int> values) {
  Bytes result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

void append(Bytes& all, std::span<const std::byte> more) { all.insert(all.end(), more.begin(), more.end()); }

Bytes rdnss(std::initializer_list<std::string_view> servers, unsigned lifetime = 600) {
  Bytes option = bytes({25, static_cast<int>(1 + 2 * servers.size()), 0, 0, static_cast<int>(lifetime >> 24),
                        static_cast<int>(lifetime >> 16 & 255), static_cast<int>(lifetime >> 8 & 255),
                        static_cast<int>(lifetime & 255)});
  for (const auto server : servers) append(option, ip(server).bytes());
  return option;
}

Bytes dnssl(std::string_view names, unsigned lifetime = 600) {
  Bytes option = bytes({31, 0, 0, 0, 0, 0, static_cast<int>(lifetime >> 8), static_cast<int>(lifetime & 255)});
  append(option, std::as_bytes(std::span(names)));
  option.resize((option.size() + 7) / 8 * 8);
  option[1] = static_cast<std::byte>(option.size() / 8);
  return option;
}

/// The options are no attributes: they stand behind the body as they came.
Bytes advertisement(const Bytes& options, int link = kLink, std::uint8_t type = kAdvertisement) {
  nduseroptmsg header{};
  header.nduseropt_family = AF_INET6;
  header.nduseropt_ifindex = link;
  header.nduseropt_icmp_type = type;
  header.nduseropt_opts_len = static_cast<unsigned short>(options.size());
  const Request request(RTM_NEWNDUSEROPT, 0, header);
  Bytes message(request.bytes().begin(), request.bytes().end());
  append(message, options);
  const auto length = static_cast<std::uint32_t>(message.size());
  memcpy(message.data(), &length, sizeof length);
  return message;
}

std::vector<DnsOption> options_in(const Bytes& options) {
  return parse_ipv6_messages(advertisement(options), kLink).dns;
}

TEST(RouterAdvertisement, NamesServersWithTheirLifetime) {
  const auto found = options_in(rdnss({"fd00::1", "fe80::1"}, 0x10203));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].lifetime, std::chrono::seconds(0x10203));
  EXPECT_THAT(found[0].servers, ElementsAre(ip("fd00::1"), ip("fe80::1")));
  EXPECT_EQ(options_in(rdnss({"fd00::1"}, 0xffffffff))[0].lifetime, DnsOption::forever);
}

TEST(RouterAdvertisement, NamesSearchDomains) {
  const auto found = options_in(dnssl(std::string_view("\4rack\3lan\0\7example\0", 18)));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].domains, ElementsAre("rack.lan", "example"));
}

TEST(RouterAdvertisement, ManyOptionsAreReadAndOthersPassedOver) {
  Bytes options = bytes({1, 1, 2, 3, 4, 5, 6, 7});  // the router's MAC address
  append(options, rdnss({"fd00::1"}));
  append(options, dnssl(std::string_view("\3lan\0", 5)));
  const auto found = options_in(options);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0].servers, ElementsAre(ip("fd00::1")));
  EXPECT_THAT(found[1].domains, ElementsAre("lan"));
}

TEST(RouterAdvertisement, OfOtherLinksAndOtherMessagesIsPassedOver) {
  EXPECT_THAT(parse_ipv6_messages(advertisement(rdnss({"fd00::1"}), 3), kLink).dns, IsEmpty());
  EXPECT_THAT(parse_ipv6_messages(advertisement(rdnss({"fd00::1"}), kLink, 135), kLink).dns, IsEmpty());
}

TEST(RouterAdvertisement, ServersThatNoneCanBeAreLeftOut) {
  EXPECT_THAT(options_in(rdnss({"::", "::1", "ff02::1"})), IsEmpty());
  EXPECT_THAT(options_in(rdnss({"::", "fd00::1"}))[0].servers, ElementsAre(ip("fd00::1")));
}

TEST(RouterAdvertisement, DomainsThatDoNotBelongInAFileAreLeftOut) {
  const auto found = options_in(dnssl(std::string_view("\3a\nb\0\3lan\0\4x y.\0\0", 17)));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].domains, ElementsAre("lan"));
  EXPECT_THAT(options_in(dnssl(std::string_view("\77abc\0", 5))), IsEmpty()) << "longer than the option";
  EXPECT_THAT(options_in(dnssl(std::string_view("\300\14\0", 3))), IsEmpty()) << "compressed";
  std::string endless;
  for (int label = 0; label < 100; ++label) endless += "\4abcd";
  EXPECT_THAT(options_in(dnssl(endless + std::string(1, '\0'))), IsEmpty()) << "longer than a name may be";
}

TEST(RouterAdvertisement, LengthsThatLieEndIt) {
  for (const int length : {0, 2, 255}) {
    Bytes option = rdnss({"fd00::1"});
    option[1] = static_cast<std::byte>(length);
    for (const DnsOption& found : options_in(option)) EXPECT_LE(found.servers.size(), 1U) << length;
  }
  EXPECT_THAT(options_in(bytes({25, 1, 0, 0, 0, 0, 2, 0})), IsEmpty()) << "no server at all";
  EXPECT_THAT(options_in(bytes({25, 1, 0})), IsEmpty());
  EXPECT_THAT(options_in({}), IsEmpty());
}

TEST(RouterAdvertisement, AnyBytesAreTaken) {
  std::minstd_rand random(5);
  Bytes whole = rdnss({"fd00::1", "fd00::2"});
  append(whole, dnssl(std::string_view("\4rack\3lan\0\7example\0", 18)));
  const auto message = advertisement(whole);
  for (int round = 0; round < 20'000; ++round) {
    Bytes changed = message;
    for (int change = 0; change < 4; ++change) changed[random() % changed.size()] = std::byte(random() & 0xff);
    changed.resize(changed.size() - random() % 4);
    changed.shrink_to_fit();  // its end is the heap's
    for (const DnsOption& option : parse_ipv6_messages(changed, kLink).dns)
      for (const std::string& domain : option.domains)
        EXPECT_TRUE(!domain.empty() && domain.find_first_of(" \n") == std::string::npos);
  }
}

Request address(std::string_view text, std::uint32_t flags, std::uint8_t scope = RT_SCOPE_UNIVERSE,
                std::uint16_t type = RTM_NEWADDR) {
  ifaddrmsg body{};
  body.ifa_family = AF_INET6;
  body.ifa_prefixlen = 64;
  body.ifa_index = kLink;
  body.ifa_scope = scope;
  Request request(type, 0, body);
  request.add_bytes(IFA_ADDRESS, ip(text).bytes());
  request.add(IFA_FLAGS, flags);
  return request;
}

bool usable(const Request& message) {
  const auto news = parse_ipv6_messages(message.bytes(), kLink);
  return news.addresses.size() == 1 && news.addresses[0].usable;
}

TEST(Ipv6Addresses, CanBeUsedWhenNobodyElseHasThem) {
  EXPECT_TRUE(usable(address("fd00::5", 0)));
  EXPECT_TRUE(usable(address("fd00::5", IFA_F_PERMANENT)));
  EXPECT_FALSE(usable(address("fd00::5", IFA_F_TENTATIVE)));
  EXPECT_FALSE(usable(address("fd00::5", IFA_F_PERMANENT | IFA_F_DADFAILED | IFA_F_TENTATIVE)));
  EXPECT_TRUE(usable(address("fec0::5", 0, RT_SCOPE_SITE))) << "old, but what QEMU's user network gives";
  EXPECT_FALSE(usable(address("fe80::5", 0, RT_SCOPE_LINK)));
  EXPECT_FALSE(usable(address("fd00::5", 0, RT_SCOPE_UNIVERSE, RTM_DELADDR)));
  EXPECT_THAT(parse_ipv6_messages(address("fd00::5", 0).bytes(), 3).addresses, IsEmpty()) << "of another link";
}

}  // namespace
}  // namespace uebo::kernel
