// What the supervisor does to the world: processes and cgroups. Behind an interface, so that the supervisor is tested
// without either.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/cgroup.hpp"
#include "uebo/supervise/log_collector.hpp"
#include "uebo/supervise/unit.hpp"

namespace uebo::supervise {

class ProcessHost {
 public:
  /// Where events go. May be called from within the calls below.
  using Sink = std::function<void(const std::string& unit, Event event)>;

  ProcessHost() = default;
  ProcessHost(const ProcessHost&) = delete;
  ProcessHost& operator=(const ProcessHost&) = delete;
  virtual ~ProcessHost() = default;

  virtual void set_sink(Sink sink) = 0;
  /// Starts a process of the unit. Main: Launched or LaunchFailed follows, then Exited; between these Notified, as
  /// often as it has something to say. The others: Exited alone.
  virtual void launch(const config::ServiceSpec& spec, Process process) = 0;
  virtual void signal_stop(const config::ServiceSpec& spec) = 0;
  /// CgroupEmpty follows when nothing is left, at once where nothing was.
  virtual void kill(const config::ServiceSpec& spec) = 0;
  /// Exited follows where the main process, or its preparation, has ended and that was not told yet.
  virtual void ask_for_exit(const config::ServiceSpec& spec) = 0;
  /// The run is over: its cgroup goes.
  virtual void release(const config::ServiceSpec& spec) = 0;

  struct Usage {
    std::optional<pid_t> main_pid;
    std::optional<std::uint64_t> memory;  // bytes
    // Of all runs together: these never fall.
    std::optional<std::uint64_t> memory_peak;  // bytes, of the run that had most
    std::optional<std::chrono::microseconds> cpu;
    std::uint64_t oom_kills = 0;  // processes
  };
  [[nodiscard]] virtual Usage usage(const std::string& unit) = 0;
};

/// The real one. `cgroup_root` is a cgroup v2 directory that this may fill; SIGCHLD must be handed in as reap().
class SystemProcessHost final : public ProcessHost {
 public:
  SystemProcessHost(event::Loop& loop, LogCollector& logs, std::string cgroup_root);
  ~SystemProcessHost() override;

  void set_sink(Sink sink) override;
  void launch(const config::ServiceSpec& spec, Process process) override;
  void signal_stop(const config::ServiceSpec& spec) override;
  void kill(const config::ServiceSpec& spec) override;
  void ask_for_exit(const config::ServiceSpec& spec) override;
  void release(const config::ServiceSpec& spec) override;
  [[nodiscard]] Usage usage(const std::string& unit) override;

  /// Reaps every child that has ended, orphans as well. The identity of each is settled before its pid is free again.
  void reap();

 private:
  struct Run;
  struct Child;
  struct Counters {
    std::optional<std::uint64_t> memory_peak;
    std::optional<std::chrono::microseconds> cpu;
    std::uint64_t oom_kills = 0;
  };

  Result<Run*> run_for(const config::ServiceSpec& spec, bool fresh);
  Result<> start(Run& run, const config::ServiceSpec& spec, Process process);
  void exec_settled(pid_t pid);
  void begin_readiness(const std::string& unit);
  void hear_last_words(pid_t pid);
  void child_ended(const siginfo_t& info);
  void child_lost(pid_t pid);
  void cgroup_changed(const std::string& unit);
  void remove_run(const std::string& unit);
  [[nodiscard]] static Counters counters_of(const kernel::Cgroup& cgroup);
  const Counters& count(const std::string& unit);

  event::Loop& loop_;
  LogCollector& logs_;
  std::string cgroup_root_;
  Sink sink_;
  std::map<std::string, std::unique_ptr<Run>> runs_;
  std::map<std::string, Counters> totals_;  // of all runs of a unit
  std::map<pid_t, std::unique_ptr<Child>> children_;
};

}  // namespace uebo::supervise
