#include "uebo/init/pid1.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "safety_net.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/log.hpp"
#include "uebo/boot/inline_steps.hpp"
#include "uebo/boot/jobs.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/nfs_storage.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/init/device_events.hpp"
#include "uebo/init/node.hpp"
#include "uebo/init/self_check.hpp"
#include "uebo/init/shutdown_monitor.hpp"
#include "uebo/init/watchdog_feeder.hpp"

namespace uebo::init {
namespace {

using control::ShutdownKind;

/// Runs one of the steps that are done in line, times it, and says how it ended. None of them stops the boot.
class InlineSteps {
 public:
  template <class Step>
  void run(const std::string& name, Step step) {
    const TimePoint started = BootClock::now();
    const Result<> result = step();
    const TimePoint ended = BootClock::now();
    phases_.push_back({.name = name, .started = started, .ended = ended});
    const double took = std::chrono::duration<double>(ended - started).count();
    if (result)
      spdlog::info("{} ({:.2f} s)", name, took);
    else
      spdlog::error("{}: {} ({:.2f} s)", name, result.error().message(), took);
  }
  [[nodiscard]] std::vector<supervise::BootPhase> phases() const { return phases_; }

 private:
  std::vector<supervise::BootPhase> phases_;
};

void greet() {
  utsname kernel{};
  uname(&kernel);
  const double uptime = std::chrono::duration<double>(BootClock::now().time_since_epoch()).count();
  spdlog::info("UEBO {} on Linux {} {}, {:.2f} s after the kernel's start", UEBO_VERSION, kernel.release,
               kernel.machine, uptime);
}

/// The descriptor is kept for good: when it is needed there may be none to be had.
int kernel_log() { return open("/dev/kmsg", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }

std::optional<std::chrono::seconds> watchdog_setting() {
  const auto arguments = config::load_kernel_args();
  return watchdog_timeout(arguments.value_or(config::KernelArgs{}).get("uebo.watchdog").value_or(""));
}

/// What the steps in line have left for those that come.
struct Booted {
  std::vector<supervise::BootPhase> phases;
  std::unique_ptr<WatchdogFeeder> watchdog;
};

Booted boot_in_line() {
  InlineSteps steps;
  steps.run("file systems", boot::api_file_systems);
  handle_own_crashes(kernel_log());
  greet();
  steps.run("arguments", [] { return boot::kernel_arguments(); });
  const auto timeout = watchdog_setting();
  auto watchdog = std::make_unique<WatchdogFeeder>(timeout);
  // Its driver is the first module of all: whatever hangs from here on is ended by a reset.
  steps.run("watchdog", [&]() -> Result<> {
    const Result<> loaded = timeout ? boot::load_watchdog_driver() : Result<>();
    UEBO_TRY(watchdog->arm());
    return loaded;
  });
  steps.run("/usr", boot::mount_usr);
  return {.phases = steps.phases(), .watchdog = std::move(watchdog)};
}

/// Ctrl-Alt-Del sends SIGINT instead of a reset, and nothing of the words of the command line that the kernel hands to
/// init is seen by anybody or reaches a service.
void settle_process(std::span<char*> arguments) {
  // What a flooded log or a long answer took goes back to the kernel. The thresholds would grow by themselves:
  // mallopt(3).
  constexpr int large = 16 * 1024;
  mallopt(M_MMAP_THRESHOLD, large);
  mallopt(M_TRIM_THRESHOLD, large);
  // Words behind `--` come as arguments, and others as environment, in memory that /proc/1 shows to everybody.
  for (char* word : arguments.subspan(std::min<std::size_t>(1, arguments.size()))) explicit_bzero(word, strlen(word));
  for (char** variable = environ; variable && *variable; ++variable) explicit_bzero(*variable, strlen(*variable));
  clearenv();
  umask(022);
  if (const auto raised = raise_descriptor_limit(); !raised) spdlog::warn("{}", raised.error().message());
  reboot(RB_DISABLE_CAD);
}

void leave_out_of_memory_killing() {
  if (const auto written = write_kernel_file("/proc/self/oom_score_adj", "-1000"); !written)
    spdlog::warn("{}", written.error().message());
}

/// What is not on a RAM file system is unmounted by its own job; this is for what that job could not do. sync(2) can
/// hang on a dead server, so a child calls it, and is waited for no longer than that is worth.
void sync_bounded(WatchdogFeeder& watchdog) {
  constexpr std::chrono::seconds kLimit{5};
  const pid_t child = fork();
  if (child == 0) {
    sync();
    _exit(0);
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  const TimePoint deadline = BootClock::now() + kLimit;
  while (child > 0 && waitpid(child, nullptr, WNOHANG) == 0 && BootClock::now() < deadline) {
    sigtimedwait(&set, nullptr, &second);
    watchdog.feed();
  }
}

/// Until the last process is gone or for 2 s: what dies later may still hold a file system.
void reap_all() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const TimePoint deadline = BootClock::now() + std::chrono::seconds(2);
  const timespec turn{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (BootClock::now() < deadline) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
    if (waitpid(-1, nullptr, WNOHANG) < 0) return;  // ECHILD
    sigtimedwait(&set, nullptr, &turn);
  }
}

int finish(ShutdownKind kind, WatchdogFeeder& watchdog) {
  constexpr std::chrono::seconds kLastSteps{20};
  kill(-1, SIGKILL);
  watchdog.feed();
  reap_all();
  // Anew: the one before has ended with all others.
  watch_over_shutdown(kind, kLastSteps);
  watchdog.feed();
  sync_bounded(watchdog);
  if (kind == ShutdownKind::Reboot)
    watchdog.stay_armed();
  else
    watchdog.disarm();
  spdlog::info("{}", kind == ShutdownKind::Reboot ? "rebooting" : "down");
  reboot(kernel_call(kind));
  // A board that can't switch itself off: halted is the next best.
  reboot(RB_HALT_SYSTEM);
  return 1;
}

/// Feeds the watchdog while the node runs, and as long as it answers.
class Guarded {
 public:
  Guarded(Node& node, WatchdogFeeder& watchdog, const std::string& control)
      : watchdog_(watchdog), check_(node.loop(), control) {
    node.show_watchdog([&watchdog] { return watchdog.status(); });
    watchdog.follow(node.loop(), [this](std::function<void()> answered) { return check_.begin(std::move(answered)); });
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { watchdog_.end_following(); }

 private:
  WatchdogFeeder& watchdog_;
  SelfCheck check_;
};

Result<ShutdownKind> supervise_board(Booted& booted) {
  const NodePaths paths;
  auto node = UEBO_TRY(Node::create(paths, std::move(booted.phases)));
  const Guarded guarded(*node, *booted.watchdog, paths.control);
  Reserve reserve;
  prepare_shutdown(*node, reserve);
  const auto arguments = config::load_kernel_args();
  const bool nfs = arguments && boot::wants_nfs(*arguments);
  auto jobs = boot::boot_jobs("/sbin/uebo", nfs ? boot::StorageKind::Nfs : boot::StorageKind::Disk);
  // Before the first job: what it loads shows up as uevents and links.
  auto events = DeviceEvents::follow(node->loop(), node->supervisor(),
                                     arguments ? boot::NetworkPlan(*arguments) : boot::NetworkPlan());
  if (!events) spdlog::error("{}; disks and links that come later are not seen", events.error().message());
  if (events)
    (*events)->on_watchdog([&booted] {
      if (const auto armed = booted.watchdog->arm(); !armed) spdlog::error("{}", armed.error().message());
    });
  node->load_services(jobs);
  for (auto& job : jobs) node->add(std::move(job));
  return node->run();
}

}  // namespace

int pid1(std::span<char*> arguments) {
  log::to_console_and_kernel();
  settle_process(arguments);
  Booted booted = boot_in_line();
  leave_out_of_memory_killing();

  const auto kind = supervise_board(booted);
  if (!kind) {
    // Without a loop there is nothing to be done but to try again from the start.
    spdlog::critical("PID 1 can't go on: {}; rebooting", kind.error().message());
    return finish(ShutdownKind::Reboot, *booted.watchdog);
  }
  return finish(*kind, *booted.watchdog);
}

}  // namespace uebo::init
