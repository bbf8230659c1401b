#include "uebo/supervise/waiting_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace uebo::supervise {

void WaitingReport::begin(const std::string& unit, TimePoint since) {
  const auto known = waits_.find(unit);
  if (known != waits_.end() && known->second.since == since) return;
  waits_.insert_or_assign(unit, Wait{.since = since, .due = since + kFirst, .pause = kFirst});
}

std::optional<TimePoint> WaitingReport::due() const {
  const auto first = std::ranges::min_element(waits_, {}, [](const auto& wait) { return wait.second.due; });
  if (first == waits_.end()) return std::nullopt;
  return first->second.due;
}

std::vector<std::string> WaitingReport::take(TimePoint now) {
  std::vector<std::string> units;
  const auto first = due();
  if (!first || *first > now) return units;
  for (auto& [unit, wait] : waits_) {
    if (wait.due > now + kTogether) continue;
    units.push_back(unit);
    wait.pause = std::min<Duration>(wait.pause * 2, kLongestPause);
    wait.due = now + wait.pause;
  }
  return units;
}

std::vector<std::string> waiting_lines(std::span<const LastingWait> waits) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const LastingWait& wait : waits) {
    if (wait.what.empty()) continue;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait.lasted).count();
    groups[fmt::format("{}", fmt::join(wait.what, ", "))].push_back(fmt::format("{} (since {} s)", wait.unit, seconds));
  }
  std::vector<std::string> lines;
  for (const auto& [what, units] : groups)
    lines.push_back(fmt::format("still waiting for {}: {}", what, fmt::join(units, ", ")));
  return lines;
}

}  // namespace uebo::supervise
