// A DHCP lease as udhcpc hands it to its script: in environment variables (busybox, networking/udhcp/dhcpc.c). What a
// server sends is anybody's word: addresses are parsed, names are checked, the rest is left out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::boot {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct Lease {
  std::string link;
  std::string address;
  unsigned prefix = 0;
  std::vector<std::string> routers;
  std::vector<std::string> name_servers;
  std::vector<std::string> time_servers;
  std::string domain;
  std::optional<unsigned> mtu;

  [[nodiscard]] std::string text() const;  // "eth0 10.0.2.15/24"
};

/// Variables: interface, ip, mask (length of the prefix) or subnet, router, dns, ntpsrv, domain, mtu. An address that
/// no host can have is an error; of the rest, what can't be is left out.
[[nodiscard]] Result<Lease> parse_lease(const Environment& environment);

/// From 1280 bytes, below which a link has no IPv6 any more (RFC 8200, 5), to 65535. A path that takes less is found
/// out by the kernel.
[[nodiscard]] std::optional<unsigned> parse_mtu(const std::string& text);

/// True for what may be the name of a link: it becomes part of a path and of a condition's holder.
[[nodiscard]] bool is_link_name(std::string_view name);

/// Lines of resolv.conf(5).
[[nodiscard]] std::string resolver_lines(const Lease& lease);

}  // namespace uebo::boot
