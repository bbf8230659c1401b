// A unit with a clock that stands still unless a test moves it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string_view>
#include <utility>
#include <vector>

#include "uebo/supervise/unit.hpp"

namespace uebo::supervise::test {

using namespace std::chrono_literals;
using config::RestartPolicy;
using config::ServiceType;
using testing::ElementsAre;
using testing::IsEmpty;
using Actions = std::vector<Action>;

inline ExitReason exit_code(int code) { return {.kind = ExitReason::Kind::Exited, .value = code, .stage = {}}; }
inline ExitReason by_signal(int signal) { return {.kind = ExitReason::Kind::Signalled, .value = signal, .stage = {}}; }
inline Event main_exits(ExitReason why) { return Exited{.process = Process::Main, .reason = std::move(why)}; }

inline std::uint64_t count_of(const Unit& unit, ExitReason::Kind kind) {
  return unit.exits[static_cast<std::size_t>(kind)];
}

class UnitLife : public testing::Test {
 protected:
  Actions feed(const Event& event) { return step(unit, event, Moment{.now = now, .jitter = jitter}); }
  Actions feed_all(std::initializer_list<Event> events) {
    Actions all;
    for (const auto& event : events)
      for (const Action action : feed(event)) all.push_back(action);
    return all;
  }
  void pass(Duration time) { now += time; }
  Actions pass_deadline() {
    now = deadline(unit).value();
    return feed(DeadlinePassed{});
  }
  void run() { feed_all({NeedsMet{}, WantUp{}, Launched{}}); }
  /// A run that ends badly, its cgroup empty.
  void fail_once() { feed_all({Launched{}, main_exits(exit_code(1)), CgroupEmpty{}}); }
  std::string_view state() const { return name_of(unit.state); }
  template <class S>
  const S& in() const {
    return std::get<S>(unit.state);
  }

  Unit unit;
  TimePoint now{100s};
  double jitter = 0;
};

class JobLife : public UnitLife {
 protected:
  JobLife() {
    unit.policy.type = ServiceType::Job;
    unit.policy.restart = RestartPolicy::Never;
  }
  Actions finish(int code) { return feed_all({Launched{}, main_exits(exit_code(code)), CgroupEmpty{}}); }
};

}  // namespace uebo::supervise::test
