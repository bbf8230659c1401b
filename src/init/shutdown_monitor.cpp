#include "uebo/init/shutdown_monitor.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>

#include "uebo/base/clock.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/log.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::init {
namespace {

using control::ShutdownKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array kKinds{ShutdownKind::PowerOff, ShutdownKind::Reboot, ShutdownKind::Halt};

std::optional<ShutdownKind> kind_from(std::string_view name) {
  for (const ShutdownKind kind : kKinds)
    if (control::name_of(kind) == name) return kind;
  return std::nullopt;
}

std::optional<milliseconds> limit_from(std::string_view text) {
  milliseconds::rep count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0) return std::nullopt;
  return milliseconds(count);
}

/// Run by hand it would take down a machine that is none of its business.
bool is_child_of_own_kind() {
  struct stat pid1{};
  struct stat self{};
  return getppid() == 1 && stat("/proc/1/exe", &pid1) == 0 && stat("/proc/self/exe", &self) == 0 &&
         pid1.st_dev == self.st_dev && pid1.st_ino == self.st_ino;
}

/// The first one has a fixed number: PROC_PID_INIT_INO, include/linux/proc_ns.h.
bool is_in_first_pid_namespace() {
  struct stat space{};
  return stat("/proc/self/ns/pid", &space) == 0 && space.st_ino == 0xEFFFFFFCU;
}

void sleep_until(TimePoint when) {
  const auto time = when.time_since_epoch();
  const auto whole = std::chrono::duration_cast<seconds>(time);
  const timespec spec{.tv_sec = static_cast<time_t>(whole.count()),
                      .tv_nsec = static_cast<long>((time - whole).count())};
  while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &spec, nullptr) == EINTR) continue;
}

/// What may hang is done by children, and no longer than it is worth. In a pid namespace reboot(2) ends its PID 1.
void force(ShutdownKind kind) {
  const auto bounded = [](const std::function<int()>& work, seconds limit) {
    if (const auto done = kernel::run_bounded(work, limit); !done) spdlog::error("{}", done.error().message());
  };
  bounded(
      [] {
        sync();
        return 0;
      },
      seconds(5));
  bounded([kind] { return reboot(kernel_call(kind)); }, seconds(10));
  // admin-guide/sysrq.rst: at once, and past whatever PID 1 or a driver hangs in. A namespace must not do that to the
  // machine.
  if (!is_in_first_pid_namespace()) return;
  if (const auto done = write_kernel_file("/proc/sysrq-trigger", kind == ShutdownKind::Reboot ? "b" : "o"); !done)
    spdlog::error("{}", done.error().message());
}

}  // namespace

int kernel_call(ShutdownKind kind) {
  switch (kind) {
    case ShutdownKind::Reboot:
      return RB_AUTOBOOT;
    case ShutdownKind::PowerOff:
      return RB_POWER_OFF;
    case ShutdownKind::Halt:
      return static_cast<int>(RB_HALT_SYSTEM);
  }
  return RB_AUTOBOOT;
}

milliseconds monitor_limit(milliseconds deadline) { return deadline + deadline / 10; }

Result<pid_t> start_shutdown_monitor(ShutdownKind kind, milliseconds limit) {
  std::string role = "shutdown-monitor";
  std::string what(control::name_of(kind));
  std::string time = std::to_string(limit.count());
  const std::array<char*, 4> words{role.data(), what.data(), time.data(), nullptr};  // a role goes by argv[0]
  const std::array<char*, 1> nothing{nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t set;
  sigemptyset(&set);
  posix_spawnattr_setsigmask(&attributes, &set);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int failure = posix_spawn(&pid, "/proc/self/exe", nullptr, &attributes, words.data(), nothing.data());
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return fail(failure, "start", role);
  return pid;
}

int shutdown_monitor_role(std::span<const std::string_view> arguments) {
  const TimePoint started = BootClock::now();
  const auto kind = arguments.size() == 2 ? kind_from(arguments[0]) : std::nullopt;
  const auto limit = arguments.size() == 2 ? limit_from(arguments[1]) : std::nullopt;
  if (!kind || !limit) {
    spdlog::error("usage: uebo shutdown-monitor poweroff|reboot|halt MILLISECONDS");
    return 2;
  }
  if (!is_child_of_own_kind()) {
    spdlog::error("shutdown-monitor: PID 1 starts this, nobody else");
    return 1;
  }
  if (is_in_first_pid_namespace()) log::to_console_and_kernel();  // neither of them blocks
  sleep_until(started + *limit);
  spdlog::critical("shutdown: PID 1 has not come to its end within {:.1f} s: forced ({})",
                   std::chrono::duration<double>(*limit).count(), control::name_of(*kind));
  force(*kind);
  return 1;
}

}  // namespace uebo::init
