// Every state that a unit can come to, by every order of events that its world allows.
#include <gtest/gtest.h>

#include <queue>
#include <random>
#include <set>

#include "unit_world.hpp"

namespace uebo::supervise::test {
namespace {

using config::RestartPolicy;
using config::ServiceType;

struct Case {
  std::string name;
  Policy policy;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto type : {ServiceType::Daemon, ServiceType::Job})
    for (const auto restart : {RestartPolicy::Always, RestartPolicy::OnFailure, RestartPolicy::Never})
      for (const int extras : {0, 1, 2, 3, 4, 8, 12, 15}) {
        if (restart == RestartPolicy::OnFailure && extras != 0) continue;
        if (type == ServiceType::Job && extras > 8) continue;
        Policy policy;
        policy.type = type;
        policy.restart = restart;
        policy.prepares = (extras & 1) != 0;
        policy.has_stop_command = (extras & 2) != 0;
        if (policy.prepares) policy.deadline = 30s;
        policy.tells_ready = type == ServiceType::Daemon && (extras & 4) != 0;
        if (policy.tells_ready) policy.watchdog = 20s;
        policy.has_wants = (extras & 8) != 0;
        std::string name = type == ServiceType::Daemon ? "Daemon" : "Job";
        name += restart == RestartPolicy::Always ? "Always" : restart == RestartPolicy::Never ? "Never" : "OnFailure";
        if (policy.prepares) name += "Prepares";
        if (policy.has_stop_command) name += "StopCommand";
        if (policy.tells_ready) name += "TellsReady";
        if ((extras & 4) != 0 && !policy.tells_ready) continue;
        if (policy.has_wants) name += "Wants";
        all.push_back({name, policy});
      }
  return all;
}

class Reachable : public testing::TestWithParam<Case> {};

bool stopped(const Unit& unit) { return std::holds_alternative<Stopped>(unit.state); }
bool running_or_done(const Unit& unit) {
  if (unit.policy.tells_ready) return std::holds_alternative<Ready>(unit.state);
  return unit.policy.type == ServiceType::Daemon ? std::holds_alternative<Running>(unit.state)
                                                 : std::holds_alternative<Done>(unit.state);
}

/// From anywhere the unit can be brought down, and up, when the world answers.
void check_ways_out(const World& world) {
  World down = world;
  down.happen(Happening::WantDown);
  ASSERT_TRUE(down.answer_until(stopped))
      << name_of(world.unit.state) << " does not stop, now " << name_of(down.unit.state) << " " << down.broken;
  World up = down;
  up.happen(Happening::WantUp);
  if (!up.unit.needs_met) up.happen(Happening::NeedsMet);
  ASSERT_TRUE(up.answer_until(running_or_done)) << "does not start, now " << name_of(up.unit.state) << " " << up.broken;
  World lost = world;
  if (lost.unit.needs_met) lost.happen(Happening::NeedsLost);
  if (lost.unit.policy.type == ServiceType::Job) return;
  ASSERT_TRUE(lost.answer_until(inactive)) << name_of(world.unit.state) << " outlives its needs";
}

TEST_P(Reachable, EveryStateKeepsThePromises) {
  std::queue<World> open;
  std::set<decltype(World().key())> seen;
  std::set<std::size_t> states;
  for (const unsigned failures : {0U, kCrashLoopFailures - 1}) {
    World start;
    start.unit.policy = GetParam().policy;
    start.unit.failures = failures;
    open.push(start);
  }
  while (!open.empty()) {
    const World world = std::move(open.front());
    open.pop();
    for (int i = 0; i < kHappenings; ++i) {
      const auto what = static_cast<Happening>(i);
      if (!world.possible(what)) continue;
      World next = world;
      next.happen(what);
      ASSERT_EQ(next.broken, "") << "happening " << i << " in state " << name_of(world.unit.state) << ", then "
                                 << name_of(next.unit.state);
      if (!seen.insert(next.key()).second) continue;
      states.insert(next.unit.state.index());
      ASSERT_NO_FATAL_FAILURE(check_ways_out(next));
      open.push(std::move(next));
    }
  }
  EXPECT_GT(seen.size(), 100U);
  EXPECT_TRUE(states.contains(State(Stopping{}).index()));
}

INSTANTIATE_TEST_SUITE_P(All, Reachable, testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(RandomLives, KeepThePromisesAndNeverBackOffLessBeforeAStableRun) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto all = cases();
    World world;
    world.unit.policy = all[random() % all.size()].policy;
    Duration last_delay = 1s;
    for (int i = 0; i < 500; ++i) {
      const auto what = static_cast<Happening>(random() % kHappenings);
      // People who give a new order begin a new count; it is the unit's own tries that are looked at here.
      if ((what == Happening::WantDown || (what == Happening::WantUp && i > 0)) && random() % 20 != 0) continue;
      if (!world.possible(what)) continue;
      world.now += milliseconds(random() % 100);
      if (const auto due = deadline(world.unit)) world.now = std::min(world.now, *due);
      world.jitter = static_cast<double>(random() % 100) / 100;
      const unsigned failures_before = world.unit.failures;
      world.happen(what);
      ASSERT_EQ(world.broken, "") << "seed " << seed << " step " << i << " happening " << static_cast<int>(what);
      const Unit& unit = world.unit;
      if (unit.failures < failures_before || unit.failures < 2) last_delay = 1s;  // a success, or a new count
      if (unit.failures <= failures_before || unit.failures < 2) continue;
      const Duration delay = unit.not_before - world.now;
      // What grows is the delay without its jitter, a tenth at most; at the cap it may be any of these.
      const Duration cap = unit.policy.longest_backoff;
      ASSERT_GE(delay, std::min(last_delay, cap)) << "seed " << seed << " step " << i;
      ASSERT_LE(delay, cap * 11 / 10);
      last_delay = delay;
    }
    // And whatever it came to: it can be brought down.
    world.happen(Happening::WantDown);
    ASSERT_TRUE(world.answer_until(stopped)) << "seed " << seed << " " << world.broken;
  }
}

}  // namespace
}  // namespace uebo::supervise::test
