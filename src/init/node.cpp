#include "uebo/init/node.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "uebo/base/log.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/account.hpp"

namespace uebo::init {
namespace {

using control::ShutdownKind;

constexpr config::LogLimits kOwnLog{.size = 64 * 1024, .count = 3};

/// The signals of busybox' init, which scripts know; SIGINT is what Ctrl-Alt-Del sends (reboot(2), RB_DISABLE_CAD).
std::optional<ShutdownKind> shutdown_for(int signal) {
  switch (signal) {
    case SIGINT:
    case SIGTERM:
      return ShutdownKind::Reboot;
    case SIGPWR:
    case SIGUSR2:
      return ShutdownKind::PowerOff;
    case SIGUSR1:
      return ShutdownKind::Halt;
    default:
      return std::nullopt;
  }
}

/// Whoever carries the logs elsewhere reads them as a member of this group, which all that is made below the directory
/// inherits. A system without the group has no such role.
void share_logs(const std::string& directory) {
  const auto reader = kernel::find_account("uebo-log");
  if (!reader) return;
  constexpr mode_t kGroupInherited = 02755;
  if (chown(directory.c_str(), 0, reader->gid) != 0 || chmod(directory.c_str(), kGroupInherited) != 0)
    spdlog::warn("{}", errno_error("give to the group uebo-log:", directory).error().message());
}

/// Who may change something from the status page: PID 1 alone knows it there.
std::string page_token() {
  const auto args = config::load_kernel_args();
  return args ? args->get("uebo.web.token").value_or("") : std::string();
}

}  // namespace

Node::Node(NodePaths paths) : paths_(std::move(paths)) {}
Node::~Node() {
  log::copy_to({});  // it ends with own_log_
  if (loop_ && signals_) loop_->remove(signals_.get());
  if (loop_ && clock_watch_) loop_->remove(clock_watch_->descriptor());
}

Result<std::unique_ptr<Node>> Node::create(NodePaths paths, std::vector<supervise::BootPhase> phases) {
  auto node = std::unique_ptr<Node>(new Node(std::move(paths)));
  UEBO_TRY(node->set_up(std::move(phases)));
  return node;
}

Result<> Node::set_up(std::vector<supervise::BootPhase> phases) {
  share_logs(paths_.logs);
  clock_steps_ = std::make_unique<logs::ClockStepRecorder>(paths_.logs);
  own_log_ = std::make_unique<supervise::ServiceLog>(paths_.logs + "/uebo", kOwnLog);
  log::copy_to([this](std::string_view line) { own_log_->append(std::string(line) + "\n"); });
  loop_ = UEBO_TRY(event::Loop::create());
  signals_ = UEBO_TRY(event::signal_descriptor({SIGCHLD, SIGINT, SIGTERM, SIGPWR, SIGUSR1, SIGUSR2, SIGHUP, SIGPIPE}));
  UEBO_TRY(loop_->watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { read_signals(); }, event::Priority::Reap));
  watch_clock();
  logs_ = std::make_unique<supervise::LogCollector>(*loop_, paths_.logs);
  processes_ = std::make_unique<supervise::SystemProcessHost>(*loop_, *logs_, paths_.cgroup);
  supervisor_ = std::make_unique<supervise::Supervisor>(*loop_, *processes_, *logs_);
  control::ServerContext context{.boot_phases = std::move(phases),
                                 .shut_down = [this](ShutdownKind kind) { shut_down(kind); },
                                 .reload = [this](const control::ReloadRequest& request) { return reload(request); },
                                 .version = UEBO_VERSION,
                                 .own_log = own_log_.get(),
                                 .admission = control::node_admission(page_token()),
                                 .watchdog = [this] { return watchdog_ ? watchdog_() : kernel::WatchdogStatus{}; }};
  control_ = UEBO_TRY(control::Server::create(*loop_, *supervisor_, std::move(context), paths_.control));
  return {};
}

/// Without it early lines keep the time that they were written with.
void Node::watch_clock() {
  auto watch = kernel::WallClockWatch::create();
  if (!watch) return spdlog::warn("{}; the clock's steps are not written down", watch.error().message());
  clock_watch_ = std::move(*watch);
  const auto watched = loop_->watch(clock_watch_->descriptor(), EPOLLIN, [this](std::uint32_t) {
    if (clock_watch_->take()) clock_steps_->clock_was_set();
  });
  if (!watched) spdlog::warn("{}", watched.error().message());
}

void Node::read_signals() {
  signalfd_siginfo info{};
  bool children = false;
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    children |= signal == SIGCHLD;
    if (const auto kind = shutdown_for(signal)) shut_down(*kind);
  }
  if (children) processes_->reap();
}

void Node::add(config::ServiceSpec spec) {
  if (const auto added = supervisor_->add(std::move(spec)); !added) spdlog::error("{}", added.error().message());
}

/// As the files and the kernel arguments say, those left out that are only there with an argument that is not given.
config::LoadedServices Node::read_services(const std::vector<config::ServiceSpec>& known) const {
  std::vector<config::ServiceDirectory> directories{{.path = paths_.services}};
  directories.insert(directories.end(), paths_.overlays.begin(), paths_.overlays.end());
  auto loaded = config::load_services(directories, known);
  const auto arguments = config::load_kernel_args();
  if (!arguments) spdlog::error("{}", arguments.error().message());
  std::erase_if(loaded.services, [&](const config::ServiceSpec& spec) {
    return !spec.only_with.empty() && !(arguments && arguments->is_given(spec.only_with));
  });
  for (auto& spec : loaded.services) config::expand_environment(spec, arguments.value_or(config::KernelArgs{}));
  return loaded;
}

void Node::load_services(const std::vector<config::ServiceSpec>& known) {
  auto loaded = read_services(known);
  std::vector<std::string> problems;
  for (const auto& problem : loaded.problems) problems.push_back(problem.message());
  log_problems(std::move(problems));
  for (auto& spec : loaded.services) add(std::move(spec));
}

Result<control::ReloadReport> Node::reload(const control::ReloadRequest& request) {
  const auto built_in = supervisor_->built_in();
  auto loaded = read_services(built_in);
  control::ReloadReport report{.plan = {}, .problems = request.problems};
  for (const auto& problem : loaded.problems) report.problems.push_back(problem.message());
  for (config::ServiceSpec spec : built_in) {
    const auto said = loaded.of_built_in.find(spec.name);
    spec.enabled = said == loaded.of_built_in.end() || said->second;
    loaded.services.push_back(std::move(spec));
  }
  if (request.dry_run) {
    report.plan = supervisor_->plan_reload(loaded.services, loaded.troubled);
    return report;
  }
  log_problems(report.problems);
  note_problems(report.problems);
  report.plan = UEBO_TRY(supervisor_->reload(loaded.services, loaded.troubled));
  for (const auto& change : report.plan.changes)
    spdlog::info("{}: {} in its file: {}", change.name, name_of(change.kind), name_of(change.follows));
  return report;
}

/// One that is still there costs no second line: the storage's mount reloads on every board.
void Node::log_problems(std::vector<std::string> problems) {
  for (const auto& problem : problems)
    if (std::ranges::find(logged_problems_, problem) == logged_problems_.end()) spdlog::error("{}", problem);
  logged_problems_ = std::move(problems);
}

/// Where they come from a disk, that disk is what people look at.
void Node::note_problems(const std::vector<std::string>& problems) {
  if (problems.empty() && !problems_noted_) return;
  std::string text = problems.empty() ? std::string() : problems.front();
  if (problems.size() > 1) text += fmt::format(" (and {} more)", problems.size() - 1);
  const bool there = supervisor_->set_detail(std::string(config::kStorage), text);
  problems_noted_ = there && !problems.empty();
}

void Node::shut_down(ShutdownKind kind) {
  if (supervisor_->shutting_down()) return;
  shutdown_kind_ = kind;
  spdlog::info("shutting down ({})", control::name_of(kind));
  if (shutdown_starts_) shutdown_starts_(kind, shutdown_deadline_);
  supervisor_->shut_down(shutdown_deadline_, [this](const std::vector<std::string>& left) {
    for (const auto& name : left) spdlog::error("{}: could not be stopped", name);
    loop_->stop();
  });
}

Result<ShutdownKind> Node::run() {
  UEBO_TRY(loop_->run());
  return shutdown_kind_;
}

}  // namespace uebo::init
