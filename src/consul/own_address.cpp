#include "own_address.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/socket_address.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::consul {
namespace {

/// What the kernel would send from to somebody far away. A UDP socket sends nothing by being connected. The targets are
/// those of documentation (RFC 5737, RFC 3849).
std::optional<IpAddress> outward_address() {
  for (const char* far : {"192.0.2.1", "2001:db8::1"}) {
    const auto target = socket_address(*IpAddress::parse(far), 9);
    const UniqueFd fd(socket(target.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || connect(fd.get(), target.get(), target.size) != 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    if (const auto address = ip_address_of(reinterpret_cast<const sockaddr*>(&own)); address && is_for_others(*address))
      return address;
  }
  return std::nullopt;
}

/// Invalid: it can't be had at all.
UniqueFd begin_connection(const IpAddress& address, std::uint16_t port) {
  const auto target = socket_address(address, port);
  UniqueFd fd(socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && connect(fd.get(), target.get(), target.size) != 0 && errno != EINPROGRESS) fd = UniqueFd();
  return fd;
}

bool is_connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

bool is_for_others(const IpAddress& address) {
  return address.is_unicast() && !(address.is_ipv6() && address.is_link_local());
}

std::optional<IpAddress> own_address(const std::optional<IpAddress>& of_connection) {
  if (of_connection && is_for_others(*of_connection)) return of_connection;
  return outward_address();
}

bool takes_connections(const IpAddress& address, std::uint16_t port, std::chrono::milliseconds patience) {
  return open_port(address, {port}, patience).has_value();
}

std::optional<std::uint16_t> open_port(const IpAddress& address, const std::set<std::uint16_t>& ports,
                                       std::chrono::milliseconds patience) {
  std::vector<std::uint16_t> tried;
  std::vector<UniqueFd> sockets;
  std::vector<pollfd> waiting;
  for (const std::uint16_t port : ports) {
    UniqueFd fd = begin_connection(address, port);
    if (!fd) continue;
    tried.push_back(port);
    waiting.push_back({.fd = fd.get(), .events = POLLOUT, .revents = 0});
    sockets.push_back(std::move(fd));
  }
  const TimePoint end = BootClock::now() + patience;
  for (std::size_t left = waiting.size(); left > 0;) {
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(end - BootClock::now());
    if (poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(pause.count(), 0))) <= 0) break;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      if (is_connected(waiting[i].fd)) return tried[i];
      waiting[i].fd = -1;  // poll leaves it out
      waiting[i].revents = 0;
      --left;
    }
  }
  return std::nullopt;
}

}  // namespace uebo::consul
