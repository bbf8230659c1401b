#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>

#include "netlink.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel {
namespace {

struct Address {
  IpAddress local;
  unsigned prefix = 0;
  bool operator==(const Address&) const = default;
};

Result<unsigned> index_of(const std::string& link) {
  const unsigned index = if_nametoindex(link.c_str());
  if (index == 0) return errno_error("find network link", link);
  return index;
}

Result<IpAddress> parse_ipv4(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address || address->is_ipv6())
    return fail(EINVAL, "read IPv4 address", "\"" + text + "\"", "expected the form 10.0.2.15");
  return *address;
}

std::string describe(const Address& address, const std::string& link) {
  return address.local.text() + "/" + std::to_string(address.prefix) + " of " + link;
}

unsigned char family_of(const IpAddress& address) { return address.is_ipv6() ? AF_INET6 : AF_INET; }

netlink::Request address_request(std::uint16_t type, std::uint16_t flags, unsigned index, const Address& address) {
  ifaddrmsg body{};
  body.ifa_family = family_of(address.local);
  body.ifa_prefixlen = static_cast<unsigned char>(address.prefix);
  body.ifa_index = index;
  netlink::Request request(type, static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags), body);
  request.add_bytes(IFA_LOCAL, address.local.bytes());
  request.add_bytes(IFA_ADDRESS, address.local.bytes());
  return request;
}

/// All bits behind the prefix set.
std::vector<std::byte> broadcast_of(const Address& address) {
  std::vector<std::byte> bytes(address.local.bytes().begin(), address.local.bytes().end());
  for (unsigned place = address.prefix; place < address.local.longest_prefix(); ++place)
    bytes[place / 8] |= std::byte{1} << (7 - place % 8);
  return bytes;
}

Result<> put_address(const std::string& link, unsigned index, const Address& address) {
  if (address.prefix == 0 || address.prefix > address.local.longest_prefix())
    return fail(EINVAL, "set address", describe(address, link),
                "a prefix is 1 to " + std::to_string(address.local.longest_prefix()));
  auto request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address);
  if (!address.local.is_ipv6() && address.prefix < 31)  // RFC 3021: below that there is no broadcast address
    request.add_bytes(IFA_BROADCAST, broadcast_of(address));
  UEBO_TRY(netlink::exchange(request, "set address", describe(address, link)));
  return {};
}

Result<> take_away_address(const std::string& link, unsigned index, const Address& address) {
  const auto removed =
      netlink::exchange(address_request(RTM_DELADDR, 0, index, address), "remove address", describe(address, link));
  // A secondary address goes with its primary one.
  if (!removed && removed.error().code != EADDRNOTAVAIL && removed.error().code != ENODEV)
    return std::unexpected(removed.error());
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
    while (const auto attribute = netlink::next_attribute(message->payload)) {
      if (attribute->type != IFA_LOCAL) continue;
      if (const auto local = IpAddress::from_bytes(attribute->value))
        addresses.push_back({.local = *local, .prefix = info->ifa_prefixlen});
    }
  }
  return addresses;
}

Result<> remove_addresses(const std::string& link, unsigned index, const std::optional<Address>& except) {
  const auto addresses = UEBO_TRY(addresses_of(link, index));
  for (const Address& address : addresses)
    if (address != except) UEBO_TRY(take_away_address(link, index, address));
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

Result<> set_mtu(const std::string& link, unsigned mtu) {
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(UEBO_TRY(index_of(link)));
  netlink::Request request(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, body);
  request.add(IFLA_MTU, mtu);
  UEBO_TRY(netlink::exchange(request, "set the MTU of " + link + " to", std::to_string(mtu)));
  return {};
}

Result<> add_vlan(const std::string& parent, const std::string& name, unsigned id) {
  const unsigned index = UEBO_TRY(index_of(parent));
  netlink::Request request(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.add(IFLA_LINK, index);
  request.add_text(IFLA_IFNAME, name);
  const auto number = static_cast<std::uint16_t>(id);
  const auto data = netlink::attribute(IFLA_VLAN_ID, std::as_bytes(std::span(&number, 1)));
  constexpr std::string_view kind = "vlan";
  auto information = netlink::attribute(IFLA_INFO_KIND, std::as_bytes(std::span(kind)));
  const auto nested = netlink::attribute(IFLA_INFO_DATA | NLA_F_NESTED, data);
  information.insert(information.end(), nested.begin(), nested.end());
  request.add_bytes(IFLA_LINKINFO | NLA_F_NESTED, information);
  const auto added = netlink::exchange(request, "make VLAN", name);
  if (!added && added.error().code != EEXIST) return std::unexpected(added.error());
  return {};
}

Result<> set_address(const std::string& link, const std::string& address, unsigned prefix) {
  const Address wanted{.local = UEBO_TRY(parse_ipv4(address)), .prefix = prefix};
  const unsigned index = UEBO_TRY(index_of(link));
  UEBO_TRY(put_address(link, index, wanted));
  // In one subnet with the old address the new one is secondary and would be removed along with it, unless it is
  // promoted then (ip-sysctl). Where that can't be switched on, adding it once more makes up for it.
  const bool promoted = write_kernel_file("/proc/sys/net/ipv4/conf/" + link + "/promote_secondaries", "1").has_value();
  UEBO_TRY(remove_addresses(link, index, wanted));
  if (promoted) return {};
  return put_address(link, index, wanted);
}

Result<> flush_addresses(const std::string& link) {
  return remove_addresses(link, UEBO_TRY(index_of(link)), std::nullopt);
}

Result<> add_address(const std::string& link, const IpAddress& address, unsigned prefix) {
  return put_address(link, UEBO_TRY(index_of(link)), {.local = address, .prefix = prefix});
}

Result<> remove_address(const std::string& link, const IpAddress& address, unsigned prefix) {
  const auto index = index_of(link);
  if (!index) return {};
  return take_away_address(link, *index, {.local = address, .prefix = prefix});
}

Result<> set_default_route(const std::string& link, const std::string& gateway, unsigned metric) {
  const unsigned index = UEBO_TRY(index_of(link));
  const auto by = IpAddress::parse(gateway);
  if (!by && !gateway.empty()) return fail(EINVAL, "read gateway", "\"" + gateway + "\"", "expected an address");
  rtmsg body{};
  body.rtm_family = by ? family_of(*by) : static_cast<unsigned char>(AF_INET);
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_DHCP;
  body.rtm_scope = gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  body.rtm_type = RTN_UNICAST;
  netlink::Request request(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body);
  request.add(RTA_OIF, index);
  request.add(RTA_PRIORITY, metric);
  if (by) request.add_bytes(RTA_GATEWAY, by->bytes());
  UEBO_TRY(netlink::exchange(request, "set default route",
                             gateway.empty() ? "through " + link : "through " + link + " by " + gateway));
  return {};
}

Result<> remove_default_route(const std::string& link, unsigned metric) {
  const unsigned index = UEBO_TRY(index_of(link));
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_DHCP;
  body.rtm_scope = RT_SCOPE_NOWHERE;  // of any
  netlink::Request request(RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK, body);
  request.add(RTA_OIF, index);
  request.add(RTA_PRIORITY, metric);
  const auto removed = netlink::exchange(request, "remove default route", "through " + link);
  if (!removed && removed.error().code != ESRCH) return std::unexpected(removed.error());
  return {};
}

}  // namespace uebo::kernel
