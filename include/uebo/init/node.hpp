// PID 1's furniture, put together: loop, signals, processes, logs, supervisor, control socket. The image's PID 1 and
// the supervisor without boot steps (`uebo supervise`) are both one of these.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/control/server.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/wall_clock.hpp"
#include "uebo/logs/clock_steps.hpp"
#include "uebo/supervise/boot_profile.hpp"
#include "uebo/supervise/log_collector.hpp"
#include "uebo/supervise/process_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::init {

/// What `uebo disable` notes where there is no storage.
inline constexpr const char* kOverlaysOfThisBoot = "/run/uebo/this-boot";

struct NodePaths {
  std::string services = boot::kServicesDirectory;
  /// Laid over them, the last one on top: what the storage role has brought, and what holds for this boot alone.
  std::vector<config::ServiceDirectory> overlays{
      {.path = boot::kOverlaysDirectory, .shown_as = boot::kStoredOverlaysDirectory}, {.path = kOverlaysOfThisBoot}};
  std::string cgroup = "/sys/fs/cgroup/uebo";
  std::string logs = "/var/log";
  std::string control = "/run/uebo/control";
};

/// The registrar may take 6 s to stop, and 10 s more to be killed; then BOINC 75 s and 10 s; then 90 s for the storage
/// to be written out and unmounted.
inline constexpr std::chrono::seconds kShutdownDeadline{200};

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

  /// What status tells of the board's watchdog; without it, that there is none.
  void show_watchdog(std::function<kernel::WatchdogStatus()> status) { watchdog_ = std::move(status); }

  /// Serves until a shutdown was asked for and everything has stopped (or the deadline for it has passed).
  [[nodiscard]] Result<control::ShutdownKind> run();
  void shut_down(control::ShutdownKind kind);
  void set_shutdown_deadline(std::chrono::milliseconds deadline) { shutdown_deadline_ = deadline; }
  /// Called first when a shutdown begins.
  using ShutdownStart = std::function<void(control::ShutdownKind kind, std::chrono::milliseconds deadline)>;
  void on_shutdown(ShutdownStart handler) { shutdown_starts_ = std::move(handler); }

 private:
  explicit Node(NodePaths paths);
  Result<> set_up(std::vector<supervise::BootPhase> phases);
  void watch_clock();
  void read_signals();
  [[nodiscard]] config::LoadedServices read_services(const std::vector<config::ServiceSpec>& known) const;
  Result<control::ReloadReport> reload(const control::ReloadRequest& request);
  void log_problems(std::vector<std::string> problems);
  void note_problems(const std::vector<std::string>& problems);

  NodePaths paths_;
  std::function<kernel::WatchdogStatus()> watchdog_;
  std::unique_ptr<event::Loop> loop_;
  UniqueFd signals_;
  std::optional<kernel::WallClockWatch> clock_watch_;
  std::unique_ptr<logs::ClockStepRecorder> clock_steps_;
  std::unique_ptr<supervise::ServiceLog> own_log_;
  std::unique_ptr<supervise::LogCollector> logs_;
  std::unique_ptr<supervise::SystemProcessHost> processes_;
  std::unique_ptr<supervise::Supervisor> supervisor_;
  std::unique_ptr<control::Server> control_;
  std::vector<std::string> logged_problems_;  // of the last look at the services
  bool problems_noted_ = false;
  std::chrono::milliseconds shutdown_deadline_ = kShutdownDeadline;
  ShutdownStart shutdown_starts_;
  control::ShutdownKind shutdown_kind_ = control::ShutdownKind::PowerOff;
};

}  // namespace uebo::init
