#include "uebo/base/socket_address.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace uebo {

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  const auto bytes = address.bytes();
  if (address.is_ipv6()) {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    memcpy(&ipv6.sin6_addr, bytes.data(), bytes.size());
    memcpy(&result.storage, &ipv6, result.size = sizeof ipv6);
  } else {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    memcpy(&ipv4.sin_addr, bytes.data(), bytes.size());
    memcpy(&result.storage, &ipv4, result.size = sizeof ipv4);
  }
  return result;
}

Result<SocketAddress> unix_address(std::string_view path) {
  SocketAddress result;
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return fail(ENAMETOOLONG, "use as a socket", path);
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  memcpy(&result.storage, &address, result.size = sizeof address);
  return result;
}

std::optional<IpAddress> ip_address_of(const sockaddr* address) {
  if (!address) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto& ipv4 = *reinterpret_cast<const sockaddr_in*>(address);
    return IpAddress::from_bytes(std::as_bytes(std::span(&ipv4.sin_addr, 1)));
  }
  if (address->sa_family == AF_INET6) {
    const auto& ipv6 = *reinterpret_cast<const sockaddr_in6*>(address);
    return IpAddress::from_bytes(std::as_bytes(std::span(&ipv6.sin6_addr, 1)));
  }
  return std::nullopt;
}

}  // namespace uebo
