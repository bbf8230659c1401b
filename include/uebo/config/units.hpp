// Amounts as people write them. One parser for kernel arguments and service files.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace uebo::config {

/// "10s", "2m", "1h", "500ms", "90" (seconds); none when it is no duration or beyond 49 days.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "4096" (bytes), "10k", "40M", "2G": powers of 1024, in either case; none when it is no size.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// "50%": the number before the sign; none when it is no whole number.
[[nodiscard]] std::optional<std::uint64_t> parse_percent(std::string_view text);

}  // namespace uebo::config
