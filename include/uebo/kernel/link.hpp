// Network links, addresses and routes over rtnetlink(7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

struct Link {
  int index = 0;
  std::string name;
  bool ethernet = false;  // ARPHRD_ETHER with a device behind it (not a bridge, not a tunnel; a veth counts)
  bool up = false;        // IFF_UP
  bool carrier = false;   // IFF_LOWER_UP
  bool removed = false;   // RTM_DELLINK
  std::string mac;        // "52:54:00:12:34:56", empty without one
};

/// Follows RTMGRP_LINK. After opening, every link that is there arrives first (the socket asks for a dump).
class LinkMonitor {
 public:
  [[nodiscard]] static Result<LinkMonitor> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The changes that can be read now. ENOBUFS: some were lost; request_dump() and go on.
  [[nodiscard]] Result<std::vector<Link>> receive();
  [[nodiscard]] Result<> request_dump();

 private:
  UniqueFd fd_;
};

/// The links that whole RTM_NEWLINK and RTM_DELLINK messages tell of. Anything else in it, and all behind a message
/// that is cut short, is passed over: the input may be hostile.
[[nodiscard]] std::vector<Link> parse_link_messages(std::span<const std::byte> messages);

[[nodiscard]] Result<std::vector<Link>> links();
[[nodiscard]] Result<> set_link_up(const std::string& name);
/// IPv4, "10.0.2.15" and a prefix length (1 to 32). Replaces every other IPv4 address of the link, once the new one is
/// in place: there is no moment without an address.
[[nodiscard]] Result<> set_address(const std::string& link, const std::string& address, unsigned prefix);
[[nodiscard]] Result<> flush_addresses(const std::string& link);
/// `gateway` empty: everything is on the link. Replaces the default route of the same metric.
[[nodiscard]] Result<> set_default_route(const std::string& link, const std::string& gateway, unsigned metric);
/// The MAC that names the node: of the ethernet link with the lowest index.
[[nodiscard]] std::optional<std::string> node_mac();

}  // namespace uebo::kernel
