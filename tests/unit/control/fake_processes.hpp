// Processes that only a test believes in: they start at once, end when they are told to, and leave nothing behind.
#pragma once

#include <csignal>
#include <map>
#include <set>
#include <string>

#include "uebo/supervise/process_host.hpp"

namespace uebo::control::test {

using supervise::ExitReason;
using supervise::Process;

class FakeProcesses final : public supervise::ProcessHost {
 public:
  void set_sink(Sink sink) override { sink_ = std::move(sink); }

  void launch(const config::ServiceSpec& spec, Process process) override {
    if (process != Process::Main) return sink_(spec.name, supervise::Exited{process, {}});
    if (broken_.contains(spec.name))
      return sink_(spec.name,
                   supervise::LaunchFailed{
                       {.kind = ExitReason::Kind::ExecFailed, .value = ENOENT, .stage = "exec " + spec.name}});
    pids_[spec.name] = next_pid_++;
    sink_(spec.name, supervise::Launched{});
  }
  void signal_stop(const config::ServiceSpec& spec) override {
    if (!stubborn_.contains(spec.name))
      end(spec.name, {.kind = ExitReason::Kind::Signalled, .value = SIGTERM, .stage = {}});
  }
  void kill(const config::ServiceSpec& spec) override {
    if (pids_.contains(spec.name)) end(spec.name, {.kind = ExitReason::Kind::Signalled, .value = SIGKILL, .stage = {}});
    sink_(spec.name, supervise::CgroupEmpty{});
  }
  void ask_for_exit(const config::ServiceSpec&) override {}
  void release(const config::ServiceSpec&) override {}
  [[nodiscard]] Usage usage(const std::string& unit) override {
    const auto found = pids_.find(unit);
    if (found == pids_.end()) return {};
    return {.main_pid = found->second,
            .memory = 3 << 20,
            .memory_peak = 5 << 20,
            .cpu = std::chrono::milliseconds(1250),
            .oom_kills = 2};
  }

  /// The main process ends.
  void end(const std::string& unit, const ExitReason& reason) {
    pids_.erase(unit);
    sink_(unit, supervise::Exited{Process::Main, reason});
  }
  void exit(const std::string& unit, int code) {
    end(unit, {.kind = ExitReason::Kind::Exited, .value = code, .stage = {}});
  }
  /// It takes no notice of its stop signal.
  void make_stubborn(const std::string& unit) { stubborn_.insert(unit); }
  /// Its program can't be executed.
  void make_broken(const std::string& unit) { broken_.insert(unit); }

 private:
  Sink sink_;
  std::map<std::string, pid_t> pids_;
  std::set<std::string> stubborn_;
  std::set<std::string> broken_;
  pid_t next_pid_ = 100;
};

}  // namespace uebo::control::test
