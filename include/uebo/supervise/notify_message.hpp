// What a service says of itself over its notify socket, one datagram of "NAME=value" lines: sd_notify(3).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace uebo::supervise {

struct NotifyMessage {
  bool ready = false;                                // READY=1
  bool stopping = false;                             // STOPPING=1
  bool watchdog = false;                             // WATCHDOG=1: a sign of life
  bool watchdog_trigger = false;                     // WATCHDOG=trigger: it says itself that it is stuck
  std::optional<std::string> status = std::nullopt;  // STATUS=
  std::optional<std::chrono::microseconds> extend_timeout = std::nullopt;    // EXTEND_TIMEOUT_USEC=
  std::optional<std::chrono::microseconds> watchdog_timeout = std::nullopt;  // WATCHDOG_USEC=
  bool operator==(const NotifyMessage&) const = default;
};

inline constexpr std::size_t kLongestNotifyMessage = 4096;
inline constexpr std::size_t kLongestNotifyStatus = 256;
inline constexpr std::chrono::hours kLongestNotifyTime{24};

struct ParsedNotify {
  NotifyMessage message;
  unsigned bad_lines = 0;  // of the names above with a value that makes no sense, or no assignments at all
};

/// Reads one datagram; it is written by whoever the service is and may be anything. Names that are not known here are
/// passed over, as sd_notify(3) wants it. Of a name that is there twice the last counts. One that is longer than
/// kLongestNotifyMessage, or has a NUL byte before its end, is one bad line. Times are cut to kLongestNotifyTime (0 is
/// bad), the status to kLongestNotifyStatus; control characters in it become blanks.
[[nodiscard]] ParsedNotify parse_notify(std::string_view datagram);

/// Two messages, one after the other, as if they had been one.
void merge(NotifyMessage& first, NotifyMessage second);

}  // namespace uebo::supervise
