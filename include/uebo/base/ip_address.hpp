// An IPv4 or IPv6 address: what arguments, DHCP servers and routers name, and what the kernel is told.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace uebo {

class IpAddress {
 public:
  /// As inet_pton(3) reads it: no zone, no brackets, no port.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  /// 4 or 16 bytes in network order; none for any other number of them.
  [[nodiscard]] static std::optional<IpAddress> from_bytes(std::span<const std::byte> bytes);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_ipv6() const { return size_ == 16; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }
  /// 32 or 128.
  [[nodiscard]] unsigned longest_prefix() const { return static_cast<unsigned>(size_) * 8; }
  /// What a host can have on a wire: not unspecified, loopback, multicast, broadcast or reserved, nor IPv4 in IPv6.
  [[nodiscard]] bool is_unicast() const;
  [[nodiscard]] bool is_link_local() const;
  [[nodiscard]] bool shares_network(const IpAddress& other, unsigned prefix) const;
  /// All bits behind the prefix are 0, or (IPv4) all are 1: the names of the network and of everybody on it.
  [[nodiscard]] bool names_network(unsigned prefix) const;

  bool operator==(const IpAddress&) const = default;

 private:
  std::array<std::byte, 16> bytes_{};
  std::size_t size_ = 4;
};

/// A netmask as a length: 20 for "255.255.240.0". None for what is no row of ones, and for none at all.
[[nodiscard]] std::optional<unsigned> prefix_of_netmask(std::string_view text);
/// What the class of an IPv4 address's network says where there is no netmask (RFC 950): 8, 16 or 24.
[[nodiscard]] unsigned prefix_of_class(const IpAddress& address);

}  // namespace uebo
