#include "uebo/supervise/connect_probe.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstPause = 50ms;
constexpr Duration kLongestPause = 1s;

/// To a port that the kernel may choose for us as well, a connection can end up connected to itself.
bool is_own_other_end(int fd) {
  SocketAddress own, other;
  own.size = other.size = sizeof own.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&own.storage), &own.size) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&other.storage), &other.size) != 0)
    return true;
  return own.family() != AF_UNIX && own.size == other.size && memcmp(&own.storage, &other.storage, own.size) == 0;
}

}  // namespace

ConnectProbe::ConnectProbe(event::Loop& loop, std::vector<SocketAddress> addresses, IsOurs is_ours,
                           std::function<void()> ready)
    : loop_(loop),
      addresses_(std::move(addresses)),
      is_ours_(std::move(is_ours)),
      ready_(std::move(ready)),
      pause_(kFirstPause) {
  // Not at once: the caller has to have this first, and no service listens the moment that it is started.
  next_ = loop_.at(BootClock::now(), [this] { attempt(); });
}

ConnectProbe::~ConnectProbe() { end(); }

void ConnectProbe::attempt() {
  next_.reset();
  end();
  for (const SocketAddress& address : addresses_) {
    UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    if (connect(fd.get(), address.get(), address.size) == 0) {
      if (accepted(fd.get())) return;
    } else if (errno == EINPROGRESS &&
               loop_.watch(fd.get(), EPOLLOUT, [this, number = fd.get()](std::uint32_t) { settled(number); })) {
      pending_.push_back(std::move(fd));
    }
  }
  next_ = loop_.at(BootClock::now() + pause_, [this] { attempt(); });
  pause_ = std::min(pause_ * 2, kLongestPause);
}

/// True: nothing of this may be touched any more.
bool ConnectProbe::accepted(int connection) {
  if (is_own_other_end(connection) || !is_ours_(connection)) return false;
  end();
  const auto ready = std::move(ready_);
  ready();
  return true;
}

void ConnectProbe::settled(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  const bool connected = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  if (connected && accepted(fd)) return;
  loop_.remove(fd);
  std::erase_if(pending_, [fd](const UniqueFd& pending) { return pending.get() == fd; });
}

void ConnectProbe::end() {
  if (next_) loop_.cancel(*next_);
  next_.reset();
  for (const UniqueFd& fd : pending_) loop_.remove(fd.get());
  pending_.clear();
}

std::vector<SocketAddress> loopback_addresses(std::uint16_t port) {
  std::vector<SocketAddress> addresses;
  for (const char* text : {"127.0.0.1", "::1"})
    if (const auto address = IpAddress::parse(text)) addresses.push_back(socket_address(*address, port));
  return addresses;
}

std::optional<pid_t> listener_of(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.pid;
}

}  // namespace uebo::supervise
