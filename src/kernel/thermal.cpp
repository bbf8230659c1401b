#include "uebo/kernel/thermal.hpp"

#include <fmt/format.h>

#include <charconv>

#include "uebo/base/directory.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/result.hpp"

namespace uebo::kernel {
namespace {

constexpr int kMostTrips = 32;
/// Above, no zone of silicon works: a trip that is set out of reach, or a sensor that is not connected.
constexpr double kHottest = 200;

std::optional<double> degrees(const std::string& path) {
  const auto text = read_file(path);
  int thousandths = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), thousandths).ec != std::errc()) return {};
  const double value = thousandths / 1000.0;
  return value > -kHottest && value < kHottest ? std::optional(value) : std::nullopt;
}

std::string word(const std::string& path) {
  std::string text = read_file(path).value_or("");
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

std::optional<double> limit_of(const std::string& zone) {
  std::optional<double> limit;
  for (int number = 0; number < kMostTrips; ++number) {
    const std::string trip = fmt::format("{}/trip_point_{}", zone, number);
    const std::string type = word(trip + "_type");
    if (type.empty()) break;
    if (type != "hot" && type != "critical") continue;
    const auto at = degrees(trip + "_temp");
    if (at && *at > 0 && (!limit || *at < *limit)) limit = at;
  }
  return limit;
}

}  // namespace

std::vector<ThermalZone> thermal_zones(const std::string& sysfs) {
  std::vector<ThermalZone> zones;
  const auto entries = entries_of(sysfs);
  if (!entries) return zones;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = sysfs + "/" + entry.name;
    if (!entry.name.starts_with("thermal_zone")) continue;
    if (const auto temperature = degrees(path + "/temp"))
      zones.push_back({.type = word(path + "/type"), .temperature = *temperature, .limit = limit_of(path)});
  }
  return zones;
}

}  // namespace uebo::kernel
