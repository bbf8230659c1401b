#include "uebo/init/pid1.hpp"

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

#include "uebo/base/file.hpp"
#include "uebo/base/log.hpp"
#include "uebo/boot/inline_steps.hpp"
#include "uebo/boot/jobs.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/nfs_storage.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/init/device_events.hpp"
#include "uebo/init/node.hpp"

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

std::vector<supervise::BootPhase> boot_in_line() {
  InlineSteps steps;
  steps.run("file systems", boot::api_file_systems);
  greet();
  steps.run("arguments", [] { return boot::kernel_arguments(); });
  steps.run("/usr", boot::mount_usr);
  return steps.phases();
}

/// Ctrl-Alt-Del sends SIGINT instead of a reset, and nothing of the words of the command line that the kernel hands to
/// init is seen by anybody or reaches a service.
void settle_process(std::span<char*> arguments) {
  // Words behind `--` come as arguments, and others as environment, in memory that /proc/1 shows to everybody.
  for (char* word : arguments.subspan(std::min<std::size_t>(1, arguments.size()))) explicit_bzero(word, strlen(word));
  for (char** variable = environ; variable && *variable; ++variable) explicit_bzero(*variable, strlen(*variable));
  clearenv();
  umask(022);
  reboot(RB_DISABLE_CAD);
}

void leave_out_of_memory_killing() {
  if (const auto written = write_kernel_file("/proc/self/oom_score_adj", "-1000"); !written)
    spdlog::warn("{}", written.error().message());
}

/// What is not on a RAM file system is unmounted by its own job; this is for what that job could not do. sync(2) can
/// hang on a dead server, so a child calls it, and is waited for no longer than that is worth.
void sync_bounded() {
  constexpr int kSeconds = 5;
  const pid_t child = fork();
  if (child == 0) {
    sync();
    _exit(0);
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  const timespec timeout{.tv_sec = kSeconds, .tv_nsec = 0};
  while (waitpid(child, nullptr, WNOHANG) == 0)
    if (sigtimedwait(&set, nullptr, &timeout) < 0 && errno == EAGAIN) return;
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

int finish(ShutdownKind kind) {
  kill(-1, SIGKILL);
  reap_all();
  sync_bounded();
  spdlog::info("{}", kind == ShutdownKind::Reboot ? "rebooting" : "down");
  const unsigned command = kind == ShutdownKind::Reboot     ? RB_AUTOBOOT
                           : kind == ShutdownKind::PowerOff ? RB_POWER_OFF
                                                            : RB_HALT_SYSTEM;
  reboot(static_cast<int>(command));
  // A board that can't switch itself off: halted is the next best.
  reboot(RB_HALT_SYSTEM);
  return 1;
}

Result<ShutdownKind> supervise_board(std::vector<supervise::BootPhase> phases) {
  auto node = UEBO_TRY(Node::create({}, std::move(phases)));
  const auto arguments = config::load_kernel_args();
  const bool nfs = arguments && boot::wants_nfs(*arguments);
  auto jobs = boot::boot_jobs("/sbin/uebo", nfs ? boot::StorageKind::Nfs : boot::StorageKind::Disk);
  // Before the first job: what it loads shows up as uevents and links.
  auto events = DeviceEvents::follow(node->loop(), node->supervisor(),
                                     arguments ? boot::NetworkPlan(*arguments) : boot::NetworkPlan());
  if (!events) spdlog::error("{}; disks and links that come later are not seen", events.error().message());
  node->load_services(jobs);
  for (auto& job : jobs) node->add(std::move(job));
  return node->run();
}

}  // namespace

int pid1(std::span<char*> arguments) {
  log::to_console_and_kernel();
  settle_process(arguments);
  auto phases = boot_in_line();
  leave_out_of_memory_killing();

  const auto kind = supervise_board(std::move(phases));
  if (!kind) {
    // Without a loop there is nothing to be done but to try again from the start.
    spdlog::critical("PID 1 can't go on: {}; rebooting", kind.error().message());
    return finish(ShutdownKind::Reboot);
  }
  return finish(*kind);
}

namespace {

constexpr std::string_view kUsage =
    "usage: uebo supervise --services DIR --cgroup DIR --log DIR --control PATH [--overlays DIR]";

std::optional<NodePaths> paths_from(std::span<const std::string_view> arguments) {
  NodePaths paths{.services = {}, .overlays = {}, .cgroup = {}, .logs = {}, .control = {}};
  std::string overlays;
  const std::map<std::string_view, std::string*> options{{"--services", &paths.services},
                                                         {"--cgroup", &paths.cgroup},
                                                         {"--log", &paths.logs},
                                                         {"--control", &paths.control},
                                                         {"--overlays", &overlays}};
  if (arguments.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto option = options.find(arguments[i]);
    if (option == options.end() || !option->second->empty()) return std::nullopt;
    *option->second = arguments[i + 1];
  }
  if (paths.services.empty() || paths.cgroup.empty() || paths.logs.empty() || paths.control.empty())
    return std::nullopt;
  if (!overlays.empty()) paths.overlays.push_back({.path = overlays});
  paths.overlays.push_back({.path = kOverlaysOfThisBoot});
  return paths;
}

Result<> supervise_services(NodePaths paths) {
  UEBO_TRY(make_directories(paths.cgroup));
  UEBO_TRY(make_directories(paths.logs));
  auto node = UEBO_TRY(Node::create(std::move(paths), {}));
  node->load_services({});
  UEBO_TRY(node->run());
  return {};
}

}  // namespace

int supervise_role(std::span<const std::string_view> arguments) {
  log::to_stderr();
  const auto paths = paths_from(arguments);
  if (!paths) {
    spdlog::error("{}", kUsage);
    return 2;
  }
  const auto result = supervise_services(*paths);
  if (!result) spdlog::error("{}", result.error().message());
  return result ? 0 : 1;
}

}  // namespace uebo::init
