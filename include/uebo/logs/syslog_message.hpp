// A line of a log as a message of syslog: RFC 5424, in a datagram as RFC 5426 wants it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "uebo/logs/stamp.hpp"

namespace uebo::logs {

/// RFC 5424, section 6.2.1, of those that our lines have.
enum class Severity { Error = 3, Warning = 4, Informational = 6 };
/// By the word in front of the line, as our own roles and PID 1 write it ("error: "); anything else is informational.
[[nodiscard]] Severity severity_of(std::string_view text);

struct SyslogMessage {
  std::optional<LogTime> time;  // none: it is not known, the receiver's own counts (NILVALUE)
  std::string_view host;
  std::string_view service;
  std::string_view text;
};

/// RFC 5426, section 3.2: what every receiver takes over IPv6 is 1180 bytes.
inline constexpr std::size_t kLongestMessage = 1180;

/// "<30>1 2026-11-23T10:00:00.123Z pine-07 boinc - - - text": facility 3 (daemon), no process, kind or structured data.
/// Text that is UTF-8 and not ASCII begins with a byte order mark, as section 6.4 wants it. What is longer than
/// kLongestMessage is cut, never through a character.
[[nodiscard]] std::string syslog_message(const SyslogMessage& message);

}  // namespace uebo::logs
