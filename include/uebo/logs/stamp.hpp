// The time in front of each line of a log: "2026-11-23T10:00:00.123Z" (RFC 3339, to the millisecond, UTC).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace uebo::logs {

using LogTime = std::chrono::sys_time<std::chrono::milliseconds>;

[[nodiscard]] LogTime log_time_now();
[[nodiscard]] std::string stamp(LogTime time);
/// None for anything else than what stamp() writes.
[[nodiscard]] std::optional<LogTime> parse_stamp(std::string_view text);

}  // namespace uebo::logs
