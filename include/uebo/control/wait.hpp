// A request that is answered later: when its unit has reached what was asked of it. Pure: it looks at what it is shown.
#pragma once

#include <optional>
#include <string>

#include "uebo/supervise/supervisor.hpp"

namespace uebo::control {

enum class Goal { Up, Down };

struct Wait {
  std::string unit;
  Goal goal = Goal::Up;
  bool must_leave = false;                      // a restart: what was up before does not count
  std::optional<pid_t> old_pid = std::nullopt;  // of the run before it
  Duration limit{};
  TimePoint until{};
};

/// How it came out: the state, and an error where the goal was missed.
struct WaitResult {
  std::string state;
  std::string error;
};

/// To be called after each change, with the unit as it is now; none: it goes on.
[[nodiscard]] std::optional<WaitResult> observe(Wait& wait, const supervise::UnitStatus& unit);

/// The limit has passed.
[[nodiscard]] WaitResult give_up(const Wait& wait, const supervise::UnitStatus& unit);

}  // namespace uebo::control
