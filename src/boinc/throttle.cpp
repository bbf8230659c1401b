#include "uebo/boinc/throttle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

// Degrees below the limit.
constexpr double kWarm = 10;
constexpr double kHot = 3;
constexpr double kCool = 15;
constexpr auto kNextStepDown = 10s;
constexpr auto kNextStepUp = 30s;
constexpr int kLeast = 1;
constexpr int kAll = 4;

double margin(const kernel::ThermalZone& zone) { return *zone.limit - zone.temperature; }

}  // namespace

std::optional<std::string> Throttle::look(std::span<const kernel::ThermalZone> zones, TimePoint now) {
  const kernel::ThermalZone* hottest = nullptr;
  for (const auto& zone : zones)
    if (zone.limit && (hottest == nullptr || margin(zone) < margin(*hottest))) hottest = &zone;
  if (hottest == nullptr) return std::nullopt;
  const double left = margin(*hottest);
  if (left < kCool)
    cool_since_.reset();
  else if (!cool_since_)
    cool_since_ = now;

  int wanted = quarters_;
  if (left <= kHot)
    wanted = kLeast;
  else if (left <= kWarm && (quarters_ == kAll || now - changed_ >= kNextStepDown))
    wanted = std::max(quarters_ - 1, kLeast);
  else if (cool_since_ && now - *cool_since_ >= kNextStepUp)
    wanted = std::min(quarters_ + 1, kAll);
  if (wanted == quarters_) return std::nullopt;
  quarters_ = wanted;
  changed_ = now;
  if (cool_since_) cool_since_ = now;
  return fmt::format("{} is at {:.0f} °C, {:.0f} °C is its limit: tasks get {} % of the processors", hottest->type,
                     hottest->temperature, *hottest->limit, quarters_ * 25);
}

std::string cpu_max_of(double share, std::size_t cores) {
  constexpr int kTenth = 100'000;
  if (share >= 1) return fmt::format("max {}", kTenth);
  return fmt::format("{:.0f} {}", share * static_cast<double>(cores) * kTenth, kTenth);
}

}  // namespace uebo::boinc
