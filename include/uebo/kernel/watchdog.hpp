// The board's watchdog: a timer in hardware that resets the board unless somebody feeds it in time
// (Documentation/watchdog/watchdog-api.rst; include/uapi/linux/watchdog.h). Opening the device starts it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

inline constexpr const char* kWatchdogDevice = "/dev/watchdog0";

/// The system calls on an open device, and what the kernel tells of it elsewhere. Tests have one of their own.
class WatchdogCalls {
 public:
  WatchdogCalls() = default;
  WatchdogCalls(const WatchdogCalls&) = delete;
  WatchdogCalls& operator=(const WatchdogCalls&) = delete;
  virtual ~WatchdogCalls() = default;
  /// As ioctl(2).
  virtual int control(unsigned long request, void* argument) = 0;
  /// As write(2), of all of it.
  virtual bool write(std::string_view text) = 0;
  virtual void close() = 0;
  /// Once opened it can't be stopped any more: the driver's parameter nowayout, or the kernel's configuration.
  [[nodiscard]] virtual bool no_way_out() const = 0;
};

/// Opens it, and so starts it. ENOENT, ENXIO or ENODEV: the board has none, or its driver is not loaded.
[[nodiscard]] Result<std::unique_ptr<WatchdogCalls>> open_watchdog(const std::string& device = kWatchdogDevice,
                                                                   const std::string& sysfs = "/sys");

/// What is known of it when it has been started.
struct WatchdogFacts {
  std::string identity;            // the driver's own name of it
  std::chrono::seconds timeout{};  // the one that the driver took: not always the one that was asked for
  std::string boot_cause;          // why the board booted, as far as the device says so: empty for a usual start
  bool ended_last_boot = false;    // by a reset of this watchdog
  bool no_way_out = false;
};

/// One that runs. It goes on running when this object goes: only disarm() stops it.
class Watchdog {
 public:
  /// Sets the time-out. A driver that does not take it keeps its own.
  [[nodiscard]] static Watchdog start(std::unique_ptr<WatchdogCalls> calls, std::chrono::seconds timeout);

  [[nodiscard]] const WatchdogFacts& facts() const { return facts_; }
  [[nodiscard]] Result<> feed();
  /// Stops it and closes the device. EPERM: it can't be stopped (no_way_out).
  [[nodiscard]] Result<> disarm();

 private:
  Watchdog(std::unique_ptr<WatchdogCalls> calls, WatchdogFacts facts)
      : calls_(std::move(calls)), facts_(std::move(facts)) {}

  std::unique_ptr<WatchdogCalls> calls_;
  WatchdogFacts facts_;
};

/// What people and metrics are shown of it.
struct WatchdogStatus {
  bool armed = false;
  std::string identity;
  std::chrono::seconds timeout{};
  std::uint64_t feeds = 0;
  std::uint64_t withheld = 0;  // how often it was due and was not fed, since PID 1 did not answer itself
  bool ended_last_boot = false;
};

}  // namespace uebo::kernel
