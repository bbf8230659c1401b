// The verbs of the control socket: one line in, one line out. Sockets are the server's business.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/config/service_spec.hpp"
#include "uebo/control/admission.hpp"
#include "uebo/control/wait.hpp"
#include "uebo/kernel/watchdog.hpp"
#include "uebo/supervise/boot_profile.hpp"
#include "uebo/supervise/reload_plan.hpp"
#include "uebo/supervise/service_log.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::control {

enum class ShutdownKind { PowerOff, Reboot, Halt };
/// "poweroff", "reboot", "halt": the verbs.
[[nodiscard]] std::string_view name_of(ShutdownKind kind);

/// Exit codes of the command, and "code" of an answer. Of `status NAME` alone: NotRunning, and what is worse than that,
/// a unit that ends again and again (CrashLoop) and one that has failed and is not tried again by itself (UnitFailed).
enum class ExitCode {
  Done = 0,
  Failed = 1,
  WrongUsage = 2,
  NotRunning = 3,
  NoSuchService = 4,
  CrashLoop = 5,
  UnitFailed = 6,
};

struct ReloadRequest {
  bool dry_run = false;
  std::vector<std::string> problems;  // that whoever asks has met on the way here, to be told with ours
};
struct ReloadReport {
  supervise::ReloadPlan plan;
  std::vector<std::string> problems;
};

struct ServerContext {
  std::vector<supervise::BootPhase> boot_phases;
  std::function<void(ShutdownKind)> shut_down;
  std::function<Result<ReloadReport>(const ReloadRequest&)> reload;
  std::string version;
  const supervise::ServiceLog* own_log = nullptr;              // PID 1's; it outlives the server
  Admission admission;                                         // whose connections are served
  std::function<kernel::WatchdogStatus()> watchdog = nullptr;  // none: nobody feeds one
};

struct Reply {
  std::string line;  // with its end; empty while there is something to wait for
  std::optional<Wait> wait;
};

class Requests {
 public:
  static constexpr std::size_t kLongestLine = 64 * 1024;

  Requests(supervise::Supervisor& supervisor, ServerContext context);

  /// Never fails: what is no valid request, or not for this peer, is answered by an error.
  [[nodiscard]] Reply answer(std::string_view line, const Peer& peer);
  /// The answer to a request that waits, once there is one.
  [[nodiscard]] std::optional<std::string> resolve(Wait& wait) const;
  /// The answer after its limit.
  [[nodiscard]] std::string give_up(const Wait& wait) const;

 private:
  supervise::Supervisor& supervisor_;
  ServerContext context_;
};

/// {"ok":false,"code":...,"error":...} with its line end.
[[nodiscard]] std::string error_line(ExitCode code, std::string_view text);

}  // namespace uebo::control
