// Lines on their way to a syslog server, over UDP: a bounded queue of which the oldest go when the server is not to be
// had, and what is known of the server. There is no answer in this protocol: what is known is that a name can't be
// found, that there is no way to the host, or that nobody listens there (ICMP, on a connected socket: udp(7)).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/config/syslog_server.hpp"
#include "uebo/logs/follower.hpp"

namespace uebo::logs {

class LineQueue {
 public:
  explicit LineQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// The oldest go where there are too many.
  void push(LogLine line);
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  [[nodiscard]] const LogLine& front() const { return lines_.front(); }
  void pop();
  /// How many have gone unsent since this was asked for last.
  [[nodiscard]] std::uint64_t take_dropped();

 private:
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::deque<LogLine> lines_;
  std::uint64_t dropped_ = 0;
};

/// Connects anew, with the name looked up again, after each failure.
class SyslogSocket {
 public:
  explicit SyslogSocket(config::SyslogServer server) : server_(std::move(server)) {}
  /// EAGAIN and ENOBUFS: later. Any other error closes the connection.
  [[nodiscard]] Result<> send(const std::string& message);

 private:
  [[nodiscard]] Result<> connect();

  config::SyslogServer server_;
  UniqueFd socket_;
};

/// What is sent when. The clock, the host's name and the socket are handed in.
class SyslogSender {
 public:
  using Send = std::function<Result<>(const std::string& message)>;
  struct Facts {
    std::string host;
    bool time_is_known = false;  // else lines go without their time
  };

  explicit SyslogSender(Send send) : send_(std::move(send)) {}

  void take(LogLine line) { queue_.push(std::move(line)); }
  /// Sends what may be sent now; returns when to call it again, none when the queue is empty. Warns once when the
  /// server is lost, and says when it is back.
  [[nodiscard]] std::optional<TimePoint> pump(TimePoint now, const Facts& facts);
  /// How far each log has been sent.
  [[nodiscard]] const Positions& sent() const { return sent_; }

  static constexpr std::size_t kQueue = 512 * 1024;  // bytes of memory, about
  static constexpr std::size_t kBurst = 100;         // messages, then a pause: 1,000 a second
  static constexpr std::chrono::milliseconds kBetweenBursts{100};
  static constexpr std::chrono::seconds kFirstRetry{1};
  static constexpr std::chrono::seconds kLongestRetry{60};

 private:
  [[nodiscard]] Result<> send_one(const Facts& facts);
  [[nodiscard]] Result<> tell_dropped(const Facts& facts);
  TimePoint failed(const Error& error, TimePoint now);

  Send send_;
  LineQueue queue_{kQueue};
  Positions sent_;
  std::uint64_t dropped_ = 0;  // not told yet
  TimePoint not_before_{};
  Duration retry_ = kFirstRetry;
  bool lost_ = false;
};

}  // namespace uebo::logs
