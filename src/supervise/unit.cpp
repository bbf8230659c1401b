#include "uebo/supervise/unit.hpp"

#include <algorithm>
#include <array>

#include "unit_step.hpp"

namespace uebo::supervise {
namespace {

constexpr std::array<std::string_view, 10> kStateNames{"stopped",  "waiting", "starting",   "running", "ready",
                                                       "stopping", "backoff", "crash-loop", "done",    "failed"};
static_assert(kStateNames.size() == std::variant_size_v<State>);

constexpr std::array<std::string_view, 5> kPhaseTexts{"it said that it stops", "its stop command runs",
                                                      "it was asked to stop", "killed, not gone yet",
                                                      "stuck: something of it survived SIGKILL"};
static_assert(kPhaseTexts.size() == static_cast<std::size_t>(Stopping::Phase::Stuck) + 1);

/// The earlier of two, none being never.
std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Policy policy_of(const config::ServiceSpec& spec) {
  const bool job = spec.type == config::ServiceType::Job;
  return Policy{
      .type = spec.type,
      .restart = spec.restart,
      .prepares = !spec.prepare.empty() || !spec.files.empty() || !spec.directories.empty(),
      .has_after_start = !spec.after_start.empty(),
      .has_stop_command = !spec.stop.command.empty(),
      .has_wants = !spec.wants.empty(),
      .tells_ready = !job && !std::holds_alternative<config::ReadySimple>(spec.ready),
      .ready_timeout = spec.ready_timeout,
      .watchdog = job ? std::nullopt : spec.watchdog,
      .stop_timeout = spec.stop.timeout,
      .longest_backoff = spec.longest_backoff,
      .deadline = spec.deadline,
  };
}

std::span<const std::string_view> state_names() { return kStateNames; }

std::string_view name_of(const State& state) { return kStateNames[state.index()]; }

std::string_view text_of(Stopping::Phase phase) { return kPhaseTexts[static_cast<std::size_t>(phase)]; }

std::vector<Action> step(Unit& unit, const Event& event, const Moment& moment) {
  return Step(unit, moment).take(event);
}

std::optional<TimePoint> deadline(const Unit& unit) {
  return std::visit(Overloaded{
                        [](const Waiting& s) { return s.deadline; },
                        [](const Starting& s) { return s.deadline; },
                        [](const Running& s) { return earlier(s.deadline, s.watchdog); },
                        [](const Ready& s) { return s.watchdog; },
                        [](const Stopping& s) { return s.deadline; },
                        [](const Backoff& s) { return std::optional(s.until); },
                        [](const CrashLoop& s) { return std::optional(s.until); },
                        [](const Done& s) { return s.again_at; },
                        [](const Failed& s) { return s.again_at; },
                        [](const Stopped&) { return std::optional<TimePoint>(); },
                    },
                    unit.state);
}

unsigned failures_in_a_row(const Unit& unit, TimePoint now) {
  if (unit.policy.type == config::ServiceType::Job) return unit.failures;
  const auto* running = std::get_if<Running>(&unit.state);
  const auto* ready = std::get_if<Ready>(&unit.state);
  const bool stable = (running && !unit.policy.tells_ready && now - running->since >= kStableRun) ||
                      (ready && now - ready->since >= kStableRun);
  return stable ? 0 : unit.failures;
}

std::optional<TimePoint> running_since(const Unit& unit) {
  if (const auto* running = std::get_if<Running>(&unit.state)) return running->since;
  if (const auto* ready = std::get_if<Ready>(&unit.state)) return ready->running_since;
  return std::nullopt;
}

bool inactive(const Unit& unit) {
  return !unit.undo && !running_since(unit) && !std::holds_alternative<Starting>(unit.state) &&
         !std::holds_alternative<Stopping>(unit.state);
}

bool finished(const Unit& unit) {
  const auto* stopping = std::get_if<Stopping>(&unit.state);
  return inactive(unit) || (stopping && stopping->phase == Stopping::Phase::Stuck);
}

Duration backoff_delay(unsigned failures, double jitter, Duration longest) {
  if (failures <= 1) return Duration::zero();
  const unsigned doublings = std::min(failures - 2, 16U);
  const Duration delay = std::min<Duration>(std::chrono::seconds(1) * (1U << doublings), longest);
  return delay + std::chrono::duration_cast<Duration>(delay * (jitter / 10));
}

}  // namespace uebo::supervise
