// Network links, addresses and routes over rtnetlink(7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/ip_address.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/kernel/netlink_dump.hpp"

namespace uebo::kernel {

struct Link {
  int index = 0;
  std::string name;
  bool ethernet = false;  // ARPHRD_ETHER with a device behind it (not a bridge, not a tunnel; veth and VLAN count)
  bool up = false;        // IFF_UP
  bool carrier = false;   // IFF_LOWER_UP
  bool removed = false;   // RTM_DELLINK
  unsigned mtu = 0;
  std::string mac;  // "52:54:00:12:34:56", empty without one
};

/// Follows RTMGRP_LINK. After opening, every link that is there arrives first (the socket asks for a dump).
class LinkMonitor {
 public:
  [[nodiscard]] static Result<LinkMonitor> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The changes that can be read now. ENOBUFS: some were lost; request_dump() and go on. An error that came behind
  /// changes is told by the next call: make it where owes_error(), the socket has nothing to be polled for then.
  [[nodiscard]] Result<std::vector<Link>> receive();
  [[nodiscard]] bool owes_error() const { return owed_.has_value(); }
  /// All links arrive once more; whichever of those seen before is not among them arrives as removed. So does, first,
  /// one whose name another link has by now: it is a device of its own, without the addresses of the former.
  [[nodiscard]] Result<> request_dump();

 private:
  Result<> take(std::span<const std::byte> messages, std::vector<Link>& changes);
  void note(const Link& link, std::vector<Link>& changes);
  void tell_vanished(std::vector<Link>& changes);

  UniqueFd fd_;
  std::map<int, Link> known_;
  NetlinkDump dump_;
  std::set<int> dumped_;  // who has arrived in the dump that is under way
  std::optional<Error> owed_;
};

/// The links that whole RTM_NEWLINK and RTM_DELLINK messages tell of. Anything else in it, and all behind a message
/// that is cut short, is passed over: the input may be hostile.
[[nodiscard]] std::vector<Link> parse_link_messages(std::span<const std::byte> messages);

[[nodiscard]] Result<std::vector<Link>> links();
[[nodiscard]] Result<Link> find_link(const std::string& name);
[[nodiscard]] Result<> set_link_up(const std::string& name);
/// IPv4, "10.0.2.15" and a prefix length (1 to 32). Replaces every other IPv4 address of the link, once the new one is
/// in place: there is no moment without an address.
[[nodiscard]] Result<> set_address(const std::string& link, const std::string& address, unsigned prefix);
[[nodiscard]] Result<> flush_addresses(const std::string& link);
/// One more address, of either family. One that is there already is success.
[[nodiscard]] Result<> add_address(const std::string& link, const IpAddress& address, unsigned prefix);
/// One that is not there any more, or whose link is gone, is success.
[[nodiscard]] Result<> remove_address(const std::string& link, const IpAddress& address, unsigned prefix);
/// The kernel refuses what the device can't do.
[[nodiscard]] Result<> set_mtu(const std::string& link, unsigned mtu);
/// An 802.1Q link on top of another. One of that name that is there already is success.
[[nodiscard]] Result<> add_vlan(const std::string& parent, const std::string& name, unsigned id);
/// `gateway` empty: everything is on the link (IPv4). Replaces the default route of the same metric and family.
[[nodiscard]] Result<> set_default_route(const std::string& link, const std::string& gateway, unsigned metric);
/// The IPv4 one of that metric that set_default_route() has made. None of it there is success.
[[nodiscard]] Result<> remove_default_route(const std::string& link, unsigned metric);
/// The MAC that names the node: of the ethernet link with the lowest index.
[[nodiscard]] std::optional<std::string> node_mac();

}  // namespace uebo::kernel
