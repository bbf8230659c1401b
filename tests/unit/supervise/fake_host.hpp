// A ProcessHost without processes: it writes down what it is asked for, and ends what the test tells it to end.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "uebo/supervise/process_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::supervise::test {

class FakeHost final : public ProcessHost {
 public:
  void set_sink(Sink sink) override { sink_ = std::move(sink); }

  void launch(const config::ServiceSpec& spec, Process process) override {
    note((process == Process::Main          ? "launch "
          : process == Process::Prepare     ? "prepare "
          : process == Process::StopCommand ? "undo "
                                            : "after-start ") +
         spec.name);
    last_origins = spec.origins;
    if (process == Process::Main) {
      if (!alive.insert(spec.name).second) doubled.insert(spec.name);
      if (auto_launch) sink_(spec.name, Launched{});
      if (auto_exit.contains(spec.name)) end(spec.name, auto_exit[spec.name]);
    }
    if (process == Process::StopCommand && auto_stop) {
      sink_(spec.name, Exited{.process = process, .reason = exit_code(0)});
    }
  }
  void signal_stop(const config::ServiceSpec& spec) override {
    note("stop " + spec.name);
    if (auto_stop && !stubborn.contains(spec.name)) end(spec.name, 0);
  }
  void kill(const config::ServiceSpec& spec) override {
    note("kill " + spec.name);
    if (undying.contains(spec.name)) return;
    if (alive.contains(spec.name)) end(spec.name, 137);
    sink_(spec.name, CgroupEmpty{});
  }
  void ask_for_exit(const config::ServiceSpec& spec) override {
    note("ask " + spec.name);
    if (lost.erase(spec.name) > 0) sink_(spec.name, Exited{.process = Process::Main, .reason = exit_code(137)});
  }
  void release(const config::ServiceSpec& spec) override { released.insert(spec.name); }
  /// The main process is gone, and its exit with it.
  void lose(const std::string& unit) {
    alive.erase(unit);
    lost.insert(unit);
  }
  [[nodiscard]] Usage usage(const std::string& unit) override {
    if (!alive.contains(unit)) return {};
    Usage usage;
    usage.main_pid = 4711;
    usage.memory = 4096;
    return usage;
  }

  /// The main process ends.
  void end(const std::string& unit, int code) {
    if (alive.erase(unit) == 0) return;
    sink_(unit, Exited{.process = Process::Main, .reason = exit_code(code)});
  }
  void tell(const std::string& unit, Event event) { sink_(unit, std::move(event)); }

  /// What was asked for since the last look, kills of what has ended left out.
  std::vector<std::string> taken() { return std::exchange(calls_, {}); }
  /// Launches and stops, in their order.
  std::vector<std::string> taken_without_kills() {
    auto calls = taken();
    std::erase_if(calls, [](const auto& call) { return call.starts_with("kill "); });
    return calls;
  }

  static ExitReason exit_code(int code) { return {.kind = ExitReason::Kind::Exited, .value = code, .stage = {}}; }

  bool auto_launch = true;               // an exec succeeds at once
  bool auto_stop = true;                 // the stop signal ends the main process at once
  std::map<std::string, int> auto_exit;  // jobs: how their main process ends, at once
  std::set<std::string> stubborn;        // ignore the stop signal
  std::set<std::string> undying;         // survive a kill
  std::set<std::string> lost;            // main processes that ended without a word
  std::set<std::string> alive;
  std::set<std::string> doubled;  // were launched though they lived
  std::set<std::string> released;
  std::vector<std::string> last_origins;  // of the service of the last launch

 private:
  void note(const std::string& call) { calls_.push_back(call); }

  Sink sink_;
  std::vector<std::string> calls_;
};

inline std::string state_of(const Supervisor& supervisor, const std::string& unit) {
  const auto status = supervisor.status(unit);
  return status ? std::string(status->state) : "unknown";
}

}  // namespace uebo::supervise::test
