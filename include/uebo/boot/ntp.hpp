// The time client: busybox's ntpd and what it reports to its script (networking/ntpd.c: run_script()).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/boot/clock.hpp"

namespace uebo::boot {

/// What an event makes of the clock; none: it says nothing new. "step" comes with stratum 16, since ntpd forgets its
/// peers when it has set the clock by one of them: the clock is right all the same. "unsync" (nobody answers any more)
/// takes back what ntpd itself has said, not what was assumed without it.
[[nodiscard]] std::optional<ClockState> clock_after(std::string_view event, std::string_view stratum,
                                                    ClockState before);

/// Time servers: of the arguments, else of the DHCP server, else the site's, else the public pool.
[[nodiscard]] std::vector<std::string> choose_time_servers(const std::vector<std::string>& arguments,
                                                           const std::vector<std::string>& dhcp,
                                                           const std::vector<std::string>& site);

}  // namespace uebo::boot
