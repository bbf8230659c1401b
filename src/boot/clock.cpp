#include "uebo/boot/clock.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "uebo/base/file.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/site.hpp"

namespace uebo::boot {
namespace {

constexpr std::chrono::years kBelievable{15};
constexpr std::array<std::string_view, 3> kStateNames{"unset", "assumed", "synced"};
static_assert(kStateNames.size() == static_cast<std::size_t>(ClockState::Synced) + 1);

}  // namespace

TimeWitness believed(const std::vector<TimeWitness>& witnesses, WallTime build_time) {
  TimeWitness best{.name = "the image's build time", .time = build_time};
  const WallTime latest = build_time + std::chrono::floor<std::chrono::seconds>(kBelievable);
  for (const TimeWitness& witness : witnesses)
    if (witness.time > best.time && witness.time <= latest) best = witness;
  return best;
}

Result<std::optional<TimeWitness>> correct_clock(std::vector<TimeWitness> witnesses) {
  if (clock_state() == ClockState::Synced) return std::nullopt;
  const auto release = UEBO_TRY(config::load_release());
  const TimeWitness now{.name = "the system's clock", .time = kernel::wall_time()};
  // In front: of two that agree, the clock as it stands wins and is left alone.
  witnesses.insert(witnesses.begin(), now);
  const TimeWitness best = believed(witnesses, std::chrono::floor<std::chrono::seconds>(release.build_time));
  // Witnesses count whole seconds: one more is no correction.
  if (best.time >= now.time && best.time - now.time <= std::chrono::seconds(1)) return std::nullopt;
  UEBO_TRY(kernel::set_wall_time(best.time));
  return best;
}

std::string_view name_of(ClockState state) { return kStateNames[static_cast<std::size_t>(state)]; }

ClockState clock_state() {
  const auto text = read_file(kClockFile, 64);
  if (!text) return ClockState::Unset;
  const auto found = std::ranges::find(kStateNames, trim(*text));
  return found == kStateNames.end() ? ClockState::Unset
                                    : static_cast<ClockState>(std::distance(kStateNames.begin(), found));
}

Result<> announce_clock(ClockState state) {
  const std::string name(name_of(state));
  UEBO_TRY(replace_file(kClockFile, name + "\n", 0644));
  return set_condition(config::kClock, "clock", name, state == ClockState::Assumed ? "clock-assume" : "ntpd");
}

}  // namespace uebo::boot
