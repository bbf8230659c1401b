#include <arpa/inet.h>
#include <net/if.h>

#include "netlink.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel {
namespace {

struct Address {
  in_addr local{};
  unsigned prefix = 0;
  friend bool operator==(const Address& a, const Address& b) {
    return a.local.s_addr == b.local.s_addr && a.prefix == b.prefix;
  }
};

Result<unsigned> index_of(const std::string& link) {
  const unsigned index = if_nametoindex(link.c_str());
  if (index == 0) return errno_error("find network link", link);
  return index;
}

Result<in_addr> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1)
    return fail(EINVAL, "read IPv4 address", "\"" + text + "\"", "expected the form 10.0.2.15");
  return address;
}

std::string describe(const Address& address, const std::string& link) {
  std::string text(INET_ADDRSTRLEN, '\0');
  inet_ntop(AF_INET, &address.local, text.data(), INET_ADDRSTRLEN);
  text.resize(text.find('\0'));
  return text + "/" + std::to_string(address.prefix) + " of " + link;
}

netlink::Request address_request(std::uint16_t type, std::uint16_t flags, unsigned index, const Address& address) {
  ifaddrmsg body{};
  body.ifa_family = AF_INET;
  body.ifa_prefixlen = static_cast<unsigned char>(address.prefix);
  body.ifa_index = index;
  netlink::Request request(type, static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags), body);
  request.add(IFA_LOCAL, address.local);
  request.add(IFA_ADDRESS, address.local);
  return request;
}

Result<> add_address(const std::string& link, unsigned index, const Address& address) {
  auto request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address);
  if (address.prefix < 31) {  // RFC 3021: below that there is no broadcast address
    const in_addr_t hosts = htonl(~in_addr_t{0} >> address.prefix);
    request.add(IFA_BROADCAST, in_addr{address.local.s_addr | hosts});
  }
  UEBO_TRY(netlink::exchange(request, "set address", describe(address, link)));
  return {};
}

Result<std::vector<Address>> addresses_of(const std::string& link, unsigned index) {
  ifaddrmsg body{};
  body.ifa_family = AF_INET;
  const netlink::Request request(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, body);
  const auto answer = UEBO_TRY(netlink::exchange(request, "list addresses of", link));
  std::vector<Address> addresses;
  netlink::Bytes rest = answer;
  while (auto message = netlink::next_message(rest)) {
    if (message->header.nlmsg_type != RTM_NEWADDR) continue;
    const auto info = netlink::take<ifaddrmsg>(message->payload);
    if (!info || info->ifa_family != AF_INET || info->ifa_index != index) continue;
    while (auto attribute = netlink::next_attribute(message->payload)) {
      if (attribute->type != IFA_LOCAL) continue;
      if (const auto local = netlink::take<in_addr>(attribute->value))
        addresses.push_back({.local = *local, .prefix = info->ifa_prefixlen});
    }
  }
  return addresses;
}

Result<> remove_addresses(const std::string& link, unsigned index, const std::optional<Address>& except) {
  for (const Address& address : UEBO_TRY(addresses_of(link, index))) {
    if (address == except) continue;
    const auto removed =
        netlink::exchange(address_request(RTM_DELADDR, 0, index, address), "remove address", describe(address, link));
    // A secondary address goes with its primary one.
    if (!removed && removed.error().code != EADDRNOTAVAIL) return std::unexpected(removed.error());
  }
  return {};
}

}  // namespace

Result<> set_link_up(const std::string& name) {
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(UEBO_TRY(index_of(name)));
  body.ifi_flags = IFF_UP;
  body.ifi_change = IFF_UP;
  UEBO_TRY(netlink::exchange({RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, body}, "set up network link", name));
  return {};
}

Result<> set_address(const std::string& link, const std::string& address, unsigned prefix) {
  const Address wanted{.local = UEBO_TRY(parse_ipv4(address)), .prefix = prefix};
  if (prefix == 0 || prefix > 32) return fail(EINVAL, "set address", describe(wanted, link), "a prefix is 1 to 32");
  const unsigned index = UEBO_TRY(index_of(link));
  UEBO_TRY(add_address(link, index, wanted));
  // In one subnet with the old address the new one is secondary and would be removed along with it, unless it is
  // promoted then (ip-sysctl). Where that can't be switched on, adding it once more makes up for it.
  const bool promoted = write_kernel_file("/proc/sys/net/ipv4/conf/" + link + "/promote_secondaries", "1").has_value();
  UEBO_TRY(remove_addresses(link, index, wanted));
  if (promoted) return {};
  return add_address(link, index, wanted);
}

Result<> flush_addresses(const std::string& link) {
  return remove_addresses(link, UEBO_TRY(index_of(link)), std::nullopt);
}

Result<> set_default_route(const std::string& link, const std::string& gateway, unsigned metric) {
  const unsigned index = UEBO_TRY(index_of(link));
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_DHCP;
  body.rtm_scope = gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  body.rtm_type = RTN_UNICAST;
  netlink::Request request(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body);
  request.add(RTA_OIF, index);
  request.add(RTA_PRIORITY, metric);
  if (!gateway.empty()) request.add(RTA_GATEWAY, UEBO_TRY(parse_ipv4(gateway)));
  UEBO_TRY(netlink::exchange(request, "set default route",
                             gateway.empty() ? "through " + link : "through " + link + " by " + gateway));
  return {};
}

}  // namespace uebo::kernel
