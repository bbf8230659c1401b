// Under which address others reach this node, and whether something listens there, or at another address.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>

#include "uebo/base/ip_address.hpp"

namespace uebo::consul {

/// The address that a connection to Consul was made from, where others can use it as well. Where they can't (Consul
/// runs on this very node, or is reached by a link-local address) it is the one that leads outwards.
[[nodiscard]] std::optional<IpAddress> own_address(const std::optional<IpAddress>& of_connection);

/// True for what can be told to others: no loopback, and no IPv6 that means something on one link alone.
[[nodiscard]] bool is_for_others(const IpAddress& address);

/// Whether a TCP connection to an address of our own is taken.
[[nodiscard]] bool takes_connections(const IpAddress& address, std::uint16_t port, std::chrono::milliseconds patience);

/// The first of these ports that takes a connection; all are tried at once. None: none did within `patience`.
[[nodiscard]] std::optional<std::uint16_t> open_port(const IpAddress& address, const std::set<std::uint16_t>& ports,
                                                     std::chrono::milliseconds patience);

}  // namespace uebo::consul
