// What a service says of itself over its notify socket, one datagram of "NAME=value" lines: sd_notify(3).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace uebo::supervise {

struct NotifyMessage {
  bool ready = false;                              // READY=1
  bool stopping = false;                           // STOPPING=1
  bool watchdog = false;                           // WATCHDOG=1: a sign of life
  bool watchdog_trigger = false;                   // WATCHDOG=trigger: it says itself that it is stuck
  std::optional<std::string> status = std::nullopt;                     // STATUS=
  std::optional<std::chrono::microseconds> extend_timeout = std::nullopt;   // EXTEND_TIMEOUT_USEC=
  std::optional<std::chrono::microseconds> watchdog_timeout = std::nullopt; // WATCHDOG_USEC=
  bool operator==(const NotifyMessage&) const = default;
};

}  // namespace uebo::supervise
