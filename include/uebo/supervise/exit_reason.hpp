// Why a process of a service ended, or never came to life.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace uebo::supervise {

struct ExitReason {
  enum class Kind {
    Exited,            // value: exit code
    Signalled,         // value: signal (0: stage says all)
    DumpedCore,        // value: signal
    OutOfMemory,       // killed at its own limit; value: signal
    BoardOutOfMemory,  // killed though it was below its limit; value: signal
    Deadline,          // a job, a preparation or an end that it had announced took too long
    StartDeadline,     // a daemon was not ready in time
    Watchdog,          // gave no sign of life in time, or said itself that it is stuck
    ExecFailed,        // value: errno (0: stage says all), stage: what was being done
  };

  Kind kind = Kind::Exited;
  int value = 0;
  std::string stage;  // "prepare", "exec /usr/bin/boinc", empty: the main process itself

  [[nodiscard]] bool success() const { return kind == Kind::Exited && value == 0; }
  /// "exit code 1", "signal 9 (KILL)", "exec /usr/bin/boinc: No such file or directory".
  [[nodiscard]] std::string text() const;
  bool operator==(const ExitReason&) const = default;
};

inline constexpr std::size_t kExitKinds = static_cast<std::size_t>(ExitReason::Kind::ExecFailed) + 1;

/// "exited", "signalled", ... as JSON and metrics name it.
[[nodiscard]] std::string_view name_of(ExitReason::Kind kind);

}  // namespace uebo::supervise
