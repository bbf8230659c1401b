// What bind(2), connect(2) and getsockname(2) deal in.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "uebo/base/ip_address.hpp"
#include "uebo/base/result.hpp"

namespace uebo {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// As in ip(7) and ipv6(7), without a scope.
[[nodiscard]] SocketAddress socket_address(const IpAddress& address, std::uint16_t port);

/// A path of unix(7). ENAMETOOLONG: there are 107 bytes for it.
[[nodiscard]] Result<SocketAddress> unix_address(std::string_view path);

/// None for null and for other families than AF_INET and AF_INET6.
[[nodiscard]] std::optional<IpAddress> ip_address_of(const sockaddr* address);

}  // namespace uebo
