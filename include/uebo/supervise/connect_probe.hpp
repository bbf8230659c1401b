// Readiness seen from outside: somebody accepts connections. PID 1 connects without waiting, and closes the connection
// at once; a service has to bear that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/socket_address.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/event/loop.hpp"

namespace uebo::supervise {

class ConnectProbe {
 public:
  /// Whether who has accepted is the service that is meant.
  using IsOurs = std::function<bool(int connection)>;

  /// Tries all of `addresses` at once, again and again, at first after 50 ms, at last every second, until one accepts;
  /// then calls `ready`, once, which may destroy this. The loop must outlive it.
  ConnectProbe(event::Loop& loop, std::vector<SocketAddress> addresses, IsOurs is_ours, std::function<void()> ready);
  ConnectProbe(const ConnectProbe&) = delete;
  ConnectProbe& operator=(const ConnectProbe&) = delete;
  ~ConnectProbe();

 private:
  void attempt();
  bool accepted(int connection);
  void settled(int fd);
  void end();

  event::Loop& loop_;
  std::vector<SocketAddress> addresses_;
  IsOurs is_ours_;
  std::function<void()> ready_;
  std::vector<UniqueFd> pending_;
  std::optional<event::Loop::TimerId> next_;
  Duration pause_;
};

/// 127.0.0.1 and ::1.
[[nodiscard]] std::vector<SocketAddress> loopback_addresses(std::uint16_t port);

/// Who has called listen(2) on the other end of a UNIX connection: SO_PEERCRED of unix(7).
[[nodiscard]] std::optional<pid_t> listener_of(int connection);

}  // namespace uebo::supervise
