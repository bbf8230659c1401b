// /storage/lastdate: when this node last knew the time. It is the floor of the clock at the next boot.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "uebo/boot/paths.hpp"
#include "uebo/kernel/wall_clock.hpp"

namespace uebo::boot {

using kernel::WallTime;

/// "YYYY-MM-DD HH:MM:SS" in UTC. The system before this one wrote the minute in the month's place
/// (date +"%Y-%M-%d %T"). So where both fields are the same the month is not known, and January is taken: a floor must
/// not run ahead.
[[nodiscard]] std::optional<WallTime> parse_last_date(std::string_view text);

/// The same form; a time whose minute is the number of its month is written one minute earlier, so that parse_last_date
/// reads the month for what it is.
[[nodiscard]] std::string format_last_date(WallTime time);

/// "2026-11-23 21:05:00 UTC", for people.
[[nodiscard]] std::string time_text(WallTime time);

/// Writes it atomically if the clock is in step with a time server, /storage is mounted, and what is there is older
/// than `age`. Returns whether it was written.
[[nodiscard]] Result<bool> keep_last_date(std::chrono::seconds age);

}  // namespace uebo::boot
