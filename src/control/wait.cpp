#include "uebo/control/wait.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace uebo::control {
namespace {

using supervise::UnitStatus;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

WaitResult reached(const UnitStatus& unit) { return {.state = std::string(unit.state), .error = {}}; }

WaitResult missed(const UnitStatus& unit, std::string_view why) {
  return {.state = std::string(unit.state), .error = fmt::format("{}: {}", unit.name, why)};
}

std::string why_it_failed(const UnitStatus& unit) {
  std::string why = unit.last_exit ? *unit.last_exit : "failed";
  if (unit.job && unit.detail && !unit.detail->empty()) why = *unit.detail + " (" + why + ")";
  if (unit.next_try_in) why += fmt::format("; next try in {:.1f} s", seconds(*unit.next_try_in));
  return why;
}

std::optional<WaitResult> observe_up(const UnitStatus& unit) {
  if (unit.state == "done" || (unit.up && !unit.job)) return reached(unit);
  if (unit.state == "failed" || unit.state == "backoff" || unit.state == "crash-loop")
    return missed(unit, why_it_failed(unit));
  if (unit.state == "stopped") return missed(unit, "somebody has stopped it");
  return std::nullopt;
}

}  // namespace

std::optional<WaitResult> observe(UnitWait& wait, const UnitStatus& unit) {
  if (wait.goal == Goal::Down) {
    if (unit.state == "stopped") return reached(unit);
    return std::nullopt;
  }
  if (wait.must_leave) {
    const bool same = (unit.running_for || unit.state == "done") && unit.main_pid == wait.old_pid;
    if (same) return std::nullopt;
    wait.must_leave = false;
  }
  return observe_up(unit);
}

WaitResult give_up(const UnitWait& wait, const UnitStatus& unit) {
  const bool not_ready = unit.state == "running" && !unit.up && !unit.job && wait.goal == Goal::Up;
  std::string why = fmt::format("still {} after {:.0f} s", not_ready ? "not ready" : unit.state, seconds(wait.limit));
  if (!unit.waits_for.empty())
    why = fmt::format("still waits for {} after {:.0f} s; it will start when that is there",
                      fmt::join(unit.waits_for, ", "), seconds(wait.limit));
  return missed(unit, why);
}

}  // namespace uebo::control
