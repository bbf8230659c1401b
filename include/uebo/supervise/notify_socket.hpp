// The notify socket of one run of a service, as sd_notify(3) wants it. Each run has one of its own: a service that
// floods it fills its own queue, what an old run has sent can't be taken for the new one's, and a sender that has ended
// meanwhile is still known to be of this service.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/supervise/notify_message.hpp"

namespace uebo::supervise {

class NotifySocket {
 public:
  using Deliver = std::function<void(NotifyMessage)>;
  /// Whether a sender, as the kernel vouches for it (SCM_CREDENTIALS of unix(7)), may speak for the service.
  using IsOurs = std::function<bool(const ucred& sender)>;

  /// An abstract socket with a name that the kernel chooses; `service` is for lines of the log. The loop must outlive
  /// it.
  [[nodiscard]] static Result<std::unique_ptr<NotifySocket>> create(event::Loop& loop, std::string service);
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket();

  /// What NOTIFY_SOCKET is to be: '@' for the NUL byte of an abstract name.
  [[nodiscard]] const std::string& address() const { return address_; }

  /// From now on messages are delivered, those that have come before first. Many at once are delivered as one, so that
  /// a flood costs 50 events a second. `deliver` may destroy this.
  [[nodiscard]] Result<> begin(IsOurs is_ours, Deliver deliver);

  /// Delivers what is there now: the last words of a process that has ended. Nothing before begin().
  void drain();

 private:
  NotifySocket(event::Loop& loop, std::string service, UniqueFd fd, std::string address);
  struct Datagram;
  std::optional<Datagram> receive();
  void read_some();
  Result<> watch();
  void rest();
  void complain(const std::string& text);

  event::Loop& loop_;
  std::string service_;
  UniqueFd fd_;
  std::string address_;
  IsOurs is_ours_;
  Deliver deliver_;
  std::optional<event::Loop::TimerId> resting_;
  bool complained_ = false;
};

}  // namespace uebo::supervise
