// What happens when PID 1 itself crashes (ARCHITECTURE.md, rule 9). Without a handler the kernel panics, and what is in
// memory of the storage's files is lost.
//
// SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE and an exception that nobody catches: lines with the cause, the build and
// the way to it go to the kernel's log, a child writes out what is to be written to disks, and the board reboots. It is
// async-signal-safe (signal-safety(7)), on a stack of its own. `buildsteps/backtrace` names functions and lines.
#pragma once

#include <chrono>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::init {

struct CrashActions {
  int report = -1;  // each line is one write(2); it must not block
  /// Writes out what is not on disks yet; in a child, since it may never come back.
  void (*write_out)() = nullptr;
  /// Ends the system.
  void (*reboot)() = nullptr;
  std::chrono::milliseconds patience = std::chrono::seconds(5);  // with write_out
};

/// For this process alone: a fork that crashes ends as usual. A second crash in the middle of it leaves out the rest of
/// the report; one more reboots at once.
[[nodiscard]] Result<> handle_crashes(const CrashActions& actions);

/// sync(2), and reboot(2).
[[nodiscard]] CrashActions usual_crash_actions(int report);

/// Of the running program, in hexadecimal; empty where it was linked without.
[[nodiscard]] const char* build_id();

}  // namespace uebo::init
