// The roles that carry logs elsewhere: `uebo syslog` and `uebo log-copy`.
#pragma once

#include <span>
#include <string_view>

#include "uebo/base/role.hpp"

namespace uebo::logs {

/// All of them, for main's table.
[[nodiscard]] std::span<const Role> roles();

/// Sends the logs of /var/log to the server that UEBO_SYSLOG names, for as long as it lives.
int syslog_role(std::span<const std::string_view> arguments);
/// Copies the logs of /var/log below the directory that its argument names, for as long as it lives.
int log_copy_role(std::span<const std::string_view> arguments);

/// How far each has come, for the next one to go on from.
inline constexpr const char* kSyslogPositions = "/run/uebo/syslog/sent";
inline constexpr const char* kCopyPositions = "/run/uebo/log-copy/copied";
/// There as soon as the clock is right, or has to be taken for that: boot::kClockFile.
inline constexpr const char* kClockFile = "/run/uebo/clock";

}  // namespace uebo::logs
