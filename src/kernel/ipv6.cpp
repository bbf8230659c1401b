#include "uebo/kernel/ipv6.hpp"

#include <linux/if_addr.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "netlink.hpp"

namespace uebo::kernel {
namespace {

using netlink::Bytes;

constexpr std::size_t option_unit = 8;  // RFC 4861, 4.6: lengths of options count in these
constexpr std::uint8_t option_rdnss = 25;
constexpr std::uint8_t option_dnssl = 31;
constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

unsigned byte_at(Bytes bytes, std::size_t place) { return std::to_integer<unsigned>(bytes[place]); }

std::uint32_t number_at(Bytes bytes, std::size_t place) {
  return byte_at(bytes, place) << 24 | byte_at(bytes, place + 1) << 16 | byte_at(bytes, place + 2) << 8 |
         byte_at(bytes, place + 3);
}

/// A name in the form of DNS messages (RFC 1035, 3.1), without compression. Only what may stand in resolv.conf(5): a
/// name with anything else is read and left out. None at the end, and for what is cut short.
std::optional<std::string> next_domain(Bytes& rest) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  std::string name;
  bool good = true;
  while (!rest.empty()) {
    const std::size_t length = byte_at(rest, 0);
    rest = rest.subspan(1);
    if (length == 0) return good && name.size() <= longest_name ? name : std::string();
    if (length > longest_label || length > rest.size()) return std::nullopt;
    const std::string_view label(reinterpret_cast<const char*>(rest.data()), length);
    good = good && label.find_first_not_of(allowed) == std::string_view::npos;
    name += (name.empty() ? "" : ".") + std::string(label);
    rest = rest.subspan(length);
  }
  return std::nullopt;
}

/// `option` is whole: its first two bytes are type and length.
std::optional<DnsOption> parse_dns_option(Bytes option) {
  const unsigned type = byte_at(option, 0);
  if ((type != option_rdnss && type != option_dnssl) || option.size() < 2 * option_unit) return std::nullopt;
  DnsOption result;
  result.lifetime = std::chrono::seconds(number_at(option, 4));
  Bytes rest = option.subspan(option_unit);
  if (type == option_rdnss) {
    for (; rest.size() >= sizeof(in6_addr); rest = rest.subspan(sizeof(in6_addr)))
      if (const auto server = IpAddress::from_bytes(rest.first(sizeof(in6_addr))); server && server->is_unicast())
        result.servers.push_back(*server);
  } else {
    while (const auto domain = next_domain(rest))
      if (!domain->empty()) result.domains.push_back(*domain);
  }
  return result.servers.empty() && result.domains.empty() ? std::nullopt : std::optional(result);
}

void parse_options(Bytes payload, int link, Ipv6News& news) {
  const auto header = netlink::take<nduseroptmsg>(payload);
  if (!header || header->nduseropt_family != AF_INET6 || header->nduseropt_ifindex != link ||
      header->nduseropt_icmp_type != ND_ROUTER_ADVERT)
    return;
  Bytes options = payload.first(std::min<std::size_t>(payload.size(), header->nduseropt_opts_len));
  while (options.size() >= option_unit) {
    const std::size_t length = byte_at(options, 1) * option_unit;
    if (length == 0 || length > options.size()) return;
    if (const auto dns = parse_dns_option(options.first(length))) news.dns.push_back(*dns);
    options = options.subspan(length);
  }
}

void parse_address(Bytes payload, int link, bool removed, Ipv6News& news) {
  const auto info = netlink::take<ifaddrmsg>(payload);
  if (!info || info->ifa_family != AF_INET6 || std::bit_cast<int>(info->ifa_index) != link) return;
  std::uint32_t flags = info->ifa_flags;
  std::optional<IpAddress> address;
  while (const auto attribute = netlink::next_attribute(payload)) {
    Bytes value = attribute->value;
    if (attribute->type == IFA_FLAGS) flags = netlink::take<std::uint32_t>(value).value_or(flags);
    // With a peer, IFA_LOCAL is the link's own.
    if (attribute->type == IFA_LOCAL || (attribute->type == IFA_ADDRESS && !address))
      address = IpAddress::from_bytes(attribute->value);
  }
  if (!address || !address->is_ipv6()) return;
  const bool taken = !removed && (flags & IFA_F_DADFAILED) != 0;
  const bool sound = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0 || (flags & IFA_F_OPTIMISTIC) != 0;
  const bool usable = !removed && sound && info->ifa_scope < RT_SCOPE_LINK;
  news.addresses.push_back({.address = *address, .prefix = info->ifa_prefixlen, .usable = usable, .taken = taken});
}

void parse_message(const netlink::Message& message, int link, Ipv6News& news) {
  const auto type = message.header.nlmsg_type;
  if (type == RTM_NEWNDUSEROPT) parse_options(message.payload, link, news);
  if (type == RTM_NEWADDR || type == RTM_DELADDR) parse_address(message.payload, link, type == RTM_DELADDR, news);
}

constexpr unsigned group_bit(unsigned group) { return 1U << (group - 1); }

}  // namespace

Ipv6News parse_ipv6_messages(std::span<const std::byte> messages, int link) {
  Ipv6News news;
  while (const auto message = netlink::next_message(messages)) parse_message(*message, link, news);
  return news;
}

Result<Ipv6Monitor> Ipv6Monitor::open(const std::string& link) {
  Ipv6Monitor monitor;
  monitor.link_ = static_cast<int>(if_nametoindex(link.c_str()));
  if (monitor.link_ == 0) return errno_error("find network link", link);
  constexpr unsigned groups = group_bit(RTNLGRP_IPV6_IFADDR) | group_bit(RTNLGRP_ND_USEROPT);
  monitor.fd_ = UEBO_TRY(netlink::open_socket(groups, SOCK_NONBLOCK));
  UEBO_TRY(monitor.request_dump());
  return monitor;
}

Result<> Ipv6Monitor::request_dump() {
  ifaddrmsg body{};
  body.ifa_family = AF_INET6;
  UEBO_TRY(netlink::send(fd(), {RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, body, dump_.begin()}));
  dumped_.clear();
  return {};
}

void Ipv6Monitor::note(const Ipv6Address& address) {
  std::erase_if(usable_, [&](const Ipv6Address& known) { return known.address == address.address; });
  if (address.usable) usable_.push_back(address);
}

/// What could be used and was not in the dump that has ended: the news of it were among those that were lost.
void Ipv6Monitor::tell_vanished(Ipv6News& news) {
  std::erase_if(usable_, [&](const Ipv6Address& known) {
    if (std::ranges::find(dumped_, known.address) != dumped_.end()) return false;
    news.addresses.push_back({.address = known.address, .prefix = known.prefix, .usable = false, .taken = false});
    return true;
  });
}

Result<> Ipv6Monitor::take(Bytes messages, Ipv6News& news) {
  if (const auto failure = netlink::failure_in(messages); failure.code != 0 && failure.code != EBUSY)
    return fail(failure.code, "list", "IPv6 addresses", failure.words);
  while (const auto message = netlink::next_message(messages)) {
    const auto place = dump_.place_of(message->header, message->payload);
    const std::size_t before = news.addresses.size();
    parse_message(*message, link_, news);
    for (const Ipv6Address& address : std::span(news.addresses).subspan(before)) {
      if (place == NetlinkDump::Place::Within) dumped_.push_back(address.address);
      note(address);
    }
    if (place == NetlinkDump::Place::End) tell_vanished(news);
    if (place == NetlinkDump::Place::EndOfAnother) UEBO_TRY(request_dump());
  }
  return {};
}

/// As the link monitor does: what is queued is read in spite of an error.
Result<Ipv6News> Ipv6Monitor::receive() {
  if (owed_) return std::unexpected(*std::exchange(owed_, std::nullopt));
  Ipv6News news;
  std::vector<std::byte> buffer(netlink::datagram_size);
  for (int turn = 0; turn < netlink::datagrams_per_turn; ++turn) {
    const auto datagram = netlink::receive(fd(), buffer);
    if (!datagram && datagram.error().code == EAGAIN) break;
    const Result<> taken = datagram ? take(*datagram, news) : std::unexpected(datagram.error());
    if (!taken) owed_ = taken.error();
  }
  if (owed_ && news.addresses.empty() && news.dns.empty()) return std::unexpected(*std::exchange(owed_, std::nullopt));
  return news;
}

Result<> solicit_router(const std::string& link) {
  const unsigned index = if_nametoindex(link.c_str());
  if (index == 0) return errno_error("find network link", link);
  const UniqueFd fd(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!fd) return errno_error("open", "a socket for router solicitations");
  // Routers drop what may have come from elsewhere: the hop limit has to be 255. The kernel adds the checksum.
  constexpr int hops = 255;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
  nd_router_solicit solicitation{};
  solicitation.nd_rs_type = ND_ROUTER_SOLICIT;
  sockaddr_in6 all_routers{};  // ff02::2
  all_routers.sin6_family = AF_INET6;
  all_routers.sin6_scope_id = index;
  all_routers.sin6_addr.s6_addr[0] = 0xff;
  all_routers.sin6_addr.s6_addr[1] = 0x02;
  all_routers.sin6_addr.s6_addr[15] = 0x02;
  if (sendto(fd.get(), &solicitation, sizeof solicitation, 0, reinterpret_cast<const sockaddr*>(&all_routers),
             sizeof all_routers) < 0)
    return errno_error("ask for a router on", link);
  return {};
}

}  // namespace uebo::kernel
