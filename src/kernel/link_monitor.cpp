#include <linux/if_arp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "netlink.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel {
namespace {

using netlink::Bytes;

std::string mac_text(Bytes address) {
  if (address.size() != 6 || std::ranges::all_of(address, [](std::byte byte) { return byte == std::byte{0}; }))
    return {};
  std::array<char, 18> text{};
  const auto byte = [&address](std::size_t index) { return std::to_integer<unsigned>(address[index]); };
  snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", byte(0), byte(1), byte(2), byte(3), byte(4),
           byte(5));
  return text.data();
}

/// Links without a device of their own tell what they are. A port of a switch, a container's end and a VLAN, which only
/// exists where somebody asked for it, are devices enough.
bool is_device(std::string_view kind) { return kind.empty() || kind == "dsa" || kind == "veth" || kind == "vlan"; }

std::string_view kind_of(Bytes information) {
  while (const auto attribute = netlink::next_attribute(information))
    if (attribute->type == IFLA_INFO_KIND) return attribute->text();
  return {};
}

std::optional<Link> parse_link(netlink::Message message) {
  const auto type = message.header.nlmsg_type;
  if (type != RTM_NEWLINK && type != RTM_DELLINK) return std::nullopt;
  const auto info = netlink::take<ifinfomsg>(message.payload);
  // With AF_BRIDGE it is news of a bridge's port: its RTM_DELLINK doesn't mean that the link is gone.
  if (!info || info->ifi_family != AF_UNSPEC || info->ifi_index <= 0) return std::nullopt;
  Link link{.index = info->ifi_index,
            .name = {},
            .ethernet = false,
            .up = (info->ifi_flags & IFF_UP) != 0,
            .carrier = (info->ifi_flags & IFF_LOWER_UP) != 0,
            .removed = type == RTM_DELLINK,
            .mtu = 0,
            .mac = {}};
  std::string_view kind;
  while (const auto attribute = netlink::next_attribute(message.payload)) {
    if (attribute->type == IFLA_IFNAME) link.name = attribute->text().substr(0, IFNAMSIZ - 1);
    if (attribute->type == IFLA_ADDRESS) link.mac = mac_text(attribute->value);
    if (attribute->type == IFLA_LINKINFO) kind = kind_of(attribute->value);
    if (Bytes value = attribute->value; attribute->type == IFLA_MTU)
      link.mtu = netlink::take<std::uint32_t>(value).value_or(0);
  }
  if (link.name.empty()) return std::nullopt;
  link.ethernet = info->ifi_type == ARPHRD_ETHER && is_device(kind);
  return link;
}

netlink::Request dump_request(std::uint32_t number) {
  return {RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, ifinfomsg{}, number};
}

Link gone(Link link) {
  link.removed = true;
  link.up = link.carrier = false;
  return link;
}

}  // namespace

std::vector<Link> parse_link_messages(std::span<const std::byte> messages) {
  std::vector<Link> found;
  while (const auto message = netlink::next_message(messages))
    if (auto link = parse_link(*message)) found.push_back(std::move(*link));
  return found;
}

Result<LinkMonitor> LinkMonitor::open() {
  LinkMonitor monitor;
  monitor.fd_ = UEBO_TRY(netlink::open_socket(RTMGRP_LINK, SOCK_NONBLOCK));
  UEBO_TRY(monitor.request_dump());
  return monitor;
}

Result<> LinkMonitor::request_dump() {
  UEBO_TRY(netlink::send(fd(), dump_request(dump_.begin())));
  dumped_.clear();
  return {};
}

void LinkMonitor::note(const Link& link, std::vector<Link>& changes) {
  const auto of_that_name = [&](const auto& item) { return item.second.name == link.name && item.first != link.index; };
  if (const auto former = std::ranges::find_if(known_, of_that_name); !link.removed && former != known_.end()) {
    changes.push_back(gone(former->second));
    known_.erase(former);
  }
  if (link.removed)
    known_.erase(link.index);
  else
    known_.insert_or_assign(link.index, link);
  changes.push_back(link);
}

/// What is known and was not in the dump that has ended: its removal was among the messages that were lost.
void LinkMonitor::tell_vanished(std::vector<Link>& changes) {
  std::erase_if(known_, [&](const auto& item) {
    if (dumped_.contains(item.first)) return false;
    changes.push_back(gone(item.second));
    return true;
  });
}

Result<> LinkMonitor::take(Bytes messages, std::vector<Link>& changes) {
  if (const auto failure = netlink::failure_in(messages); failure.code != 0 && failure.code != EBUSY)
    return fail(failure.code, "list", "network links", failure.words);
  while (const auto message = netlink::next_message(messages)) {
    const auto place = dump_.place_of(message->header, message->payload);
    if (const auto link = parse_link(*message)) {
      if (place == NetlinkDump::Place::Within) dumped_.insert(link->index);
      note(*link, changes);
    }
    if (place == NetlinkDump::Place::End) tell_vanished(changes);
    if (place == NetlinkDump::Place::EndOfAnother) UEBO_TRY(request_dump());
  }
  return {};
}

/// What is queued is read in spite of an error: after ENOBUFS the kernel queues no news until then, and says nothing.
Result<std::vector<Link>> LinkMonitor::receive() {
  if (owed_) return std::unexpected(*std::exchange(owed_, std::nullopt));
  std::vector<Link> changes;
  std::vector<std::byte> buffer(netlink::datagram_size);
  for (int turn = 0; turn < netlink::datagrams_per_turn; ++turn) {
    const auto datagram = netlink::receive(fd(), buffer);
    if (!datagram && datagram.error().code == EAGAIN) break;
    const Result<> taken = datagram ? take(*datagram, changes) : std::unexpected(datagram.error());
    if (!taken) owed_ = taken.error();
  }
  if (owed_ && changes.empty()) return std::unexpected(*std::exchange(owed_, std::nullopt));
  return changes;
}

Result<std::vector<Link>> links() {
  return parse_link_messages(UEBO_TRY(netlink::exchange(dump_request(1), "list", "network links")));
}

Result<Link> find_link(const std::string& name) {
  const auto all = UEBO_TRY(links());
  for (const Link& link : all)
    if (link.name == name) return link;
  return fail(ENODEV, "find network link", name);
}

std::optional<std::string> node_mac() {
  const auto all = links();
  if (!all) return std::nullopt;
  const Link* first = nullptr;
  for (const Link& link : *all)
    if (link.ethernet && !link.mac.empty() && (first == nullptr || link.index < first->index)) first = &link;
  if (first == nullptr) return std::nullopt;
  return first->mac;
}

}  // namespace uebo::kernel
