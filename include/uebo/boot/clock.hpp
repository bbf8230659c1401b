// Which time to believe. The boards have no battery clock: at boot the clock may show 1970, or whatever a broken RTC
// says. Witnesses are the RTC, /storage/lastdate and the image's build time; the latest one counts, but nothing beyond
// build time + 15 years is believed. From then on a time server keeps the clock, and nobody else touches it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/kernel/wall_clock.hpp"

namespace uebo::boot {

using kernel::WallTime;

struct TimeWitness {
  std::string_view name;  // "the RTC"
  WallTime time;
};

/// The latest witness that can be believed. The image's build time is one of them by itself.
[[nodiscard]] TimeWitness believed(const std::vector<TimeWitness>& witnesses, WallTime build_time);

/// Sets the system's clock to what it and the further witnesses make believable, unless a time server keeps it.
/// Returns the witness when the clock was set, none when it was right as it stood.
[[nodiscard]] Result<std::optional<TimeWitness>> correct_clock(std::vector<TimeWitness> witnesses);

/// What the condition `clock` says. Synced: by a time server. Assumed: none has answered, so the floor has to do.
enum class ClockState { Unset, Assumed, Synced };
[[nodiscard]] std::string_view name_of(ClockState state);
[[nodiscard]] ClockState clock_state();
/// Notes the state for other roles and tells PID 1.
[[nodiscard]] Result<> announce_clock(ClockState state);

}  // namespace uebo::boot
