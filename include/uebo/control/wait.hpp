// A request that is answered later. Pure: it looks at what it is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "uebo/supervise/supervisor.hpp"

namespace uebo::control {

enum class Goal { Up, Down };

/// Until a unit has reached what was asked of it.
struct UnitWait {
  std::string unit;
  Goal goal = Goal::Up;
  bool must_leave = false;                      // a restart: what was up before does not count
  std::optional<pid_t> old_pid = std::nullopt;  // of the run before it
  Duration limit{};
};

/// Until anything has changed: Supervisor::generation() is another one.
struct ChangeWait {
  std::uint64_t since = 0;
};

struct Wait {
  std::variant<UnitWait, ChangeWait> what;
  TimePoint until{};
};

/// How it came out: the state, and an error where the goal was missed.
struct WaitResult {
  std::string state;
  std::string error;
};

/// To be called after each change, with the unit as it is now; none: it goes on.
[[nodiscard]] std::optional<WaitResult> observe(UnitWait& wait, const supervise::UnitStatus& unit);

/// The limit has passed.
[[nodiscard]] WaitResult give_up(const UnitWait& wait, const supervise::UnitStatus& unit);

}  // namespace uebo::control
