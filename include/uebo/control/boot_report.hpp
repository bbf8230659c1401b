// What a boot was made of, and what it waited for: the pure part of `uebo boot`. Times are seconds since the kernel's
// start, as the answer to {"verb":"boot"} has them (server.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uebo/control/json.hpp"

namespace uebo::control {

/// One of the steps that PID 1 does in line.
struct BootStep {
  std::string name;
  double started = 0;
  double ended = 0;
};

struct BootUnit {
  std::string name;
  bool job = false;
  std::string state;
  std::vector<std::string> waits_on;  // units and conditions
  double wanted = 0;                  // asked for: by its file, when a device came, or by somebody
  std::optional<double> started;
  std::optional<double> running;  // its main process
  std::optional<double> up;       // ready; a job: done, or failed for the first time
};

struct BootCondition {
  std::string name;
  double set = 0;  // for the first time
  std::string by;  // a unit, or what else holds it
};

struct BootReport {
  double kernel = 0;  // until PID 1 ran
  std::vector<BootStep> steps;
  std::vector<BootUnit> units;
  std::vector<BootCondition> conditions;
};

/// Of an answer of PID 1, or of a kept one: a field that is not there or of the wrong type counts as 0 or unknown, and
/// control characters are taken out.
[[nodiscard]] BootReport boot_report(const Json& answer);

/// When PID 1 had done its steps and the first unit could begin.
[[nodiscard]] double supervised_since(const BootReport& report);

/// Units in the order in which they were asked for, without those that nobody asked for before everything else was up:
/// what somebody starts an hour later is no part of the boot.
[[nodiscard]] std::vector<BootUnit> units_of_the_boot(const BootReport& report);

/// One piece of the way to the last unit: from where it could begin to where it gave what the next one waited for.
struct ChainLink {
  std::string name;  // of a unit; or of a condition that no unit has set; or what else was waited for
  std::string gave;  // the condition that the next one waited for; empty: waited for the unit itself
  double from = 0;
  double to = 0;
};

/// From the kernel to the service that came up last (the job, where no service has): each one is what the next one
/// waited for last. Empty where no unit has come up.
[[nodiscard]] std::vector<ChainLink> critical_chain(const BootReport& report);

/// The chain, and all units with a bar each. Lines fit `width`, where there is one.
[[nodiscard]] std::string boot_text(const BootReport& report, std::optional<std::size_t> width);

/// A picture of it: one bar a unit, the chain marked. It has its own background and refers to nothing outside.
[[nodiscard]] std::string boot_svg(const BootReport& report);

}  // namespace uebo::control
