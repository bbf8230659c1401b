// PID 1's furniture, put together: loop, signals, processes, logs, supervisor, control socket. The image's PID 1 and
// the supervisor without boot steps (`uebo supervise`) are both one of these.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/control/server.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/wall_clock.hpp"
#include "uebo/logs/clock_steps.hpp"
#include "uebo/supervise/boot_profile.hpp"
#include "uebo/supervise/log_collector.hpp"
#include "uebo/supervise/process_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::init {

struct NodePaths {
  std::string services = "/usr/lib/uebo/services";
  std::string cgroup = "/sys/fs/cgroup/uebo";
  std::string logs = "/var/log";
  std::string control = "/run/uebo/control";
};

class Node {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Node>> create(NodePaths paths, std::vector<supervise::BootPhase> phases);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  [[nodiscard]] event::Loop& loop() { return *loop_; }
  [[nodiscard]] supervise::Supervisor& supervisor() { return *supervisor_; }

  /// Adds the services of the directory. A bad file costs one line for each of its problems, and that service.
  void load_services(const std::vector<config::ServiceSpec>& known);
  /// Adds one unit; a failure is a line.
  void add(config::ServiceSpec spec);

  /// Serves until a shutdown was asked for and everything has stopped (or the deadline for it has passed).
  [[nodiscard]] Result<control::ShutdownKind> run();
  void shut_down(control::ShutdownKind kind);

 private:
  explicit Node(NodePaths paths);
  Result<> set_up(std::vector<supervise::BootPhase> phases);
  void watch_clock();
  void read_signals();

  NodePaths paths_;
  std::unique_ptr<event::Loop> loop_;
  UniqueFd signals_;
  std::optional<kernel::WallClockWatch> clock_watch_;
  std::unique_ptr<logs::ClockStepRecorder> clock_steps_;
  std::unique_ptr<supervise::ServiceLog> own_log_;
  std::unique_ptr<supervise::LogCollector> logs_;
  std::unique_ptr<supervise::SystemProcessHost> processes_;
  std::unique_ptr<supervise::Supervisor> supervisor_;
  std::unique_ptr<control::Server> control_;
  control::ShutdownKind shutdown_kind_ = control::ShutdownKind::PowerOff;
};

}  // namespace uebo::init
