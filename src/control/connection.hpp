// One client of the control socket: its bytes in both directions, bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "uebo/base/unique_fd.hpp"
#include "uebo/control/admission.hpp"
#include "uebo/control/wait.hpp"
#include "uebo/event/loop.hpp"

namespace uebo::control {

class Connection {
 public:
  Connection(UniqueFd fd, Peer peer) : peer_(peer), fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Peer& peer() const { return peer_; }

  /// Reads once what is there, without blocking. False: the connection is broken.
  [[nodiscard]] bool receive();
  /// The next whole request. At the end of the input an unfinished last line counts as one.
  [[nodiscard]] std::optional<std::string> next_line();
  [[nodiscard]] bool line_too_long() const;
  /// Nothing more will come, and nothing is left to be answered.
  [[nodiscard]] bool exhausted() const { return ended_ && input_.empty(); }
  [[nodiscard]] bool has_line() const { return input_.find('\n') != std::string::npos || exhausting(); }

  void put(std::string_view answer) { output_.append(answer); }
  /// Sends what the peer takes now. False: the connection is broken.
  [[nodiscard]] bool flush();
  [[nodiscard]] bool sending() const { return !output_.empty(); }

  /// What the loop is to watch for; only a hang-up while there is something to wait for.
  [[nodiscard]] std::uint32_t interest() const;

  std::optional<Wait> wait;
  std::optional<std::string> result;  // of the wait, to be sent
  bool closing = false;               // goes when its output has been sent
  TimePoint due{};                    // by when something has to come of it
  std::optional<event::Loop::TimerId> timer;
  TimePoint armed_for{};
  std::optional<std::uint32_t> watched;

 private:
  [[nodiscard]] bool exhausting() const { return ended_ && !input_.empty(); }

  Peer peer_;
  UniqueFd fd_;
  std::string input_;
  std::string output_;
  bool ended_ = false;
};

}  // namespace uebo::control
