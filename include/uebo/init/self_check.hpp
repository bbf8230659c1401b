// PID 1 asks itself, as a client of its own control socket: an answer has gone through the loop, the socket and the
// supervisor. Nothing in it touches a disk or the network.
#pragma once

#include <functional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/event/loop.hpp"

namespace uebo::init {

class SelfCheck {
 public:
  SelfCheck(event::Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {}
  SelfCheck(const SelfCheck&) = delete;
  SelfCheck& operator=(const SelfCheck&) = delete;
  ~SelfCheck() { give_up(); }

  /// Begins one; an earlier one that is not over is given up. `answered` is called, from the loop, once a line has
  /// come: a refusal is one as well (all places are taken), as it takes the same way. Otherwise it is never called.
  [[nodiscard]] Result<> begin(std::function<void()> answered);
  void give_up();

 private:
  void receive();

  event::Loop& loop_;
  std::string path_;
  UniqueFd fd_;
  std::function<void()> answered_;
};

}  // namespace uebo::init
