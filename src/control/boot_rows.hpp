// What a line of the table and a bar of the picture show.
#pragma once

#include <string>
#include <vector>

#include "uebo/control/boot_report.hpp"

namespace uebo::control {

struct BootRow {
  enum class Kind { Kernel, Step, Job, Service, Outside };  // Outside: waited for, and no unit's work
  std::string name;
  Kind kind = Kind::Service;
  std::string state;
  double wanted = 0;
  std::optional<double> started;
  std::optional<double> running;
  std::optional<double> up;
  std::optional<double> waited_for_until;  // of the chain: the next one could begin then
};

/// The kernel, the steps, and the rest in the order of their start; units that have not begun come last.
[[nodiscard]] std::vector<BootRow> boot_rows(const BootReport& report);

/// When the last row came up, or began to wait where none has. Jobs count where no service has come up.
[[nodiscard]] double end_of(const std::vector<BootRow>& rows);

[[nodiscard]] std::string_view name_of(BootRow::Kind kind);

}  // namespace uebo::control
