// Thermal zones (Documentation/ABI/testing/sysfs-class-thermal).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace uebo::kernel {

/// A zone that shows a temperature. In degrees Celsius.
struct ThermalZone {
  std::string type;  // "cpu-thermal"
  double temperature = 0;
  /// The lowest of its trip points at which the hardware is in danger: "hot" or "critical". What a "passive" one asks
  /// for, a lower clock, is the kernel's own work.
  std::optional<double> limit;
};

/// Zones that can't be read now are left out: drivers fail so while a sensor sleeps.
[[nodiscard]] std::vector<ThermalZone> thermal_zones(const std::string& sysfs = "/sys/class/thermal");

}  // namespace uebo::kernel
