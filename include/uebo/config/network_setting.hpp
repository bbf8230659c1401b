// uebo.net: a link's addresses in the form of the kernel's ip= (admin-guide/nfs/nfsroot.rst),
//   CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1:NTP0
// with IPv6 addresses in brackets, a length in place of a netmask where wanted, and a device such as eth0.5 for VLAN 5
// on eth0. Fields at the end may be left out; `dhcp` alone stands for all of them. The server is read and not used.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/ip_address.hpp"

namespace uebo::config {

struct NetworkSetting {
  enum class Way { Dhcp, Static, Off };
  Way way = Way::Dhcp;
  std::optional<IpAddress> address;  // of Static alone, with what follows
  unsigned prefix = 0;
  std::optional<IpAddress> gateway;
  std::vector<IpAddress> name_servers;
  std::vector<IpAddress> time_servers;
  std::string host_name;
  std::string device;  // empty: the first link with a carrier
  bool operator==(const NetworkSetting&) const = default;
};

/// What is wrong with it and what was expected, where it is no such text: `netmask "300", expected ...`.
[[nodiscard]] std::expected<NetworkSetting, std::string> parse_network_setting(std::string_view text);

struct Vlan {
  std::string parent;
  unsigned id = 0;
  bool operator==(const Vlan&) const = default;
};
/// What the name of a device says: VLAN 5 on eth0 for "eth0.5".
[[nodiscard]] std::optional<Vlan> vlan_of(std::string_view device);

}  // namespace uebo::config
