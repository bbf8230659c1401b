// What a service says of itself, as sd_notify(3) has it. What comes too late, or from one that has nothing to say, is
// ignored.
#include <algorithm>

#include "unit_step.hpp"

namespace uebo::supervise {

void Step::on(const Notified& event) {
  const NotifyMessage& message = event.message;
  using std::chrono::microseconds;
  // Bounded before they are counted in nanoseconds, which an absurd number would overflow.
  const auto bounded = [](microseconds time, microseconds most) { return std::clamp(time, microseconds(0), most); };
  if (message.watchdog_timeout) set_watchdog(bounded(*message.watchdog_timeout, kLongestWatchdog));
  if (message.ready) announced_ready();
  if (message.extend_timeout) extend(bounded(*message.extend_timeout, kLongestExtension));
  if (message.watchdog) feed_watchdog();
  if (message.stopping) announced_stopping();
  if (message.watchdog_trigger && !is_job() && running_since(unit_)) end_late(ExitReason::Kind::Watchdog);
}

std::optional<TimePoint>* Step::watchdog_of_state() {
  if (auto* state = in<Ready>()) return &state->watchdog;
  if (auto* state = in<Running>(); state && is_up_once_it_runs()) return &state->watchdog;
  return nullptr;
}

/// Its word may come before the end of its exec has been seen: they come by different ways.
void Step::announced_ready() {
  if (!unit_.policy.tells_ready) return;
  if (auto* starting = in<Starting>()) starting->ready = starting->stage == Starting::Stage::Launching;
  if (in<Running>()) ready();
}

void Step::announced_stopping() {
  if (is_job() || !running_since(unit_)) return;
  set_up(false);
  leave_running();
  unit_.state =
      Stopping{.phase = Stopping::Phase::Announced, .deadline = after(unit_.policy.stop_timeout), .outcome = {}};
}

/// From now on, as sd_notify(3) says, and never to an earlier time than was given already.
void Step::extend(Duration extension) {
  const auto lengthen = [&](std::optional<TimePoint>& deadline) {
    if (deadline) deadline = std::max(*deadline, after(extension));
  };
  if (auto* running = in<Running>()) lengthen(running->deadline);
  if (auto* watchdog = watchdog_of_state()) lengthen(*watchdog);
  if (auto* stopping = in<Stopping>(); stopping && stopping->phase < Stopping::Phase::Kill)
    lengthen(stopping->deadline);
}

/// Zero: no more watchdog.
void Step::set_watchdog(Duration timeout) {
  unit_.watchdog = timeout > Duration::zero() ? std::optional(timeout) : std::nullopt;
  feed_watchdog();
}

void Step::feed_watchdog() {
  auto* watchdog = watchdog_of_state();
  if (watchdog) *watchdog = unit_.watchdog ? std::optional(after(*unit_.watchdog)) : std::nullopt;
}

}  // namespace uebo::supervise
