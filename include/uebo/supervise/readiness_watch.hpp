// How one run of a daemon says that it is ready, and whatever else it says. It ends with the run.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/supervise/connect_probe.hpp"
#include "uebo/supervise/launch.hpp"
#include "uebo/supervise/notify_socket.hpp"
#include "uebo/supervise/readiness_descriptor.hpp"

namespace uebo::supervise {

class ReadinessWatch {
 public:
  using Deliver = std::function<void(NotifyMessage)>;

  /// Before the launch: makes what the service is to be started with. The loop must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ReadinessWatch>> create(event::Loop& loop,
                                                                      const config::ServiceSpec& spec);

  /// NOTIFY_SOCKET and WATCHDOG_USEC in the environment of the main process, its descriptor. WATCHDOG_PID is left out:
  /// it is not known yet, and sd_watchdog_enabled(3) does without it.
  void prepare(LaunchPlan& plan) const;

  /// After the clone: whose run this is. A process is of it that is in the cgroup of the main process.
  void launched(pid_t main, uid_t user);

  /// After the exec: from now on `deliver` is called, never from within this call. It may destroy this.
  [[nodiscard]] Result<> begin(const Deliver& deliver);

  /// Delivers what the service has said: before its main process is reaped.
  void drain();

 private:
  ReadinessWatch(event::Loop& loop, const config::ServiceSpec& spec);
  Result<> begin_probe(std::function<void()> ready);

  struct Members {
    pid_t main = -1;
    uid_t user = 0;
    std::string cgroup;
    [[nodiscard]] bool may_speak(const ucred& sender) const;
    [[nodiscard]] bool listens_at(int connection) const;
  };

  event::Loop& loop_;
  config::Readiness ready_;
  std::optional<std::chrono::milliseconds> watchdog_;
  Members members_;
  std::unique_ptr<NotifySocket> socket_;
  std::unique_ptr<ReadinessDescriptor> descriptor_;
  std::unique_ptr<ConnectProbe> probe_;
};

}  // namespace uebo::supervise
