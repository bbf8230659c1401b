#include "uebo/supervise/launch.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>

#include "uebo/supervise/system_call_filter.hpp"

namespace uebo::supervise {
namespace {

// --- what the child is doing, for the report of a failure

enum class Stage {
  Session,
  Output,
  Terminal,
  Priority,
  Oom,
  Namespace,
  Mount,
  Directory,
  Limits,
  Privileges,
  User,
  Descriptor,
  Filter,
  Exec
};
constexpr std::array<std::string_view, 14> kStages{"setsid",
                                                   "redirect output",
                                                   "open terminal",
                                                   "set the priority",
                                                   "set oom_score_adj",
                                                   "make a mount namespace",
                                                   "",  // the step says it
                                                   "change to the working directory",
                                                   "limit resources",
                                                   "give up privileges",
                                                   "change user",
                                                   "pass a descriptor",
                                                   "filter system calls",
                                                   "exec"};
static_assert(kStages.size() == static_cast<std::size_t>(Stage::Exec) + 1);

struct FailureReport {
  Stage stage;
  int error;
  std::size_t step;  // of LaunchPlan::mounts
};

/// The plan as plain pointers: after the clone nothing is allocated.
struct Prepared {
  const LaunchPlan* plan;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string oom_score;
  sock_fprog filter;
  int output;
  int status;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// --- the child: system calls alone

[[noreturn]] void give_up(const Prepared& p, Stage stage, std::size_t step = 0) {
  const FailureReport report{.stage = stage, .error = errno, .step = step};
  if (write(p.status, &report, sizeof report) < 0) _exit(126);
  _exit(127);
}

void redirect(const Prepared& p) {
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) give_up(p, Stage::Output);
  const int output = p.output >= 0 ? p.output : null;
  if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
    give_up(p, Stage::Output);
}

void open_terminal(const Prepared& p) {
  const int terminal = open(p.plan->terminal.c_str(), O_RDWR | O_NONBLOCK);
  // O_NONBLOCK for the open alone: a serial line without carrier would block it.
  if (terminal < 0 || fcntl(terminal, F_SETFL, O_RDWR) < 0) give_up(p, Stage::Terminal);
  ioctl(terminal, TIOCSCTTY, 0);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (dup2(terminal, fd) < 0) give_up(p, Stage::Terminal);
}

/// What is unmounted in PID 1's tree goes here too. What the service leaves in shared memory is its own, as is what it
/// leaves in its /tmp.
void private_mounts(const Prepared& p) {
  if (!enter_namespaces(p.plan->sandbox.private_tmp ? OwnIpc::Yes : OwnIpc::No)) give_up(p, Stage::Namespace);
  for (std::size_t i = 0; i < p.plan->mounts.size(); ++i)
    if (!perform(p.plan->mounts[i])) give_up(p, Stage::Mount, i);
}

void set_priority(const Prepared& p) {
  if (p.plan->nice != 0 && setpriority(PRIO_PROCESS, 0, p.plan->nice) != 0) give_up(p, Stage::Priority);
  if (p.plan->scheduling != config::Scheduling::Other) {
    const sched_param none{};
    const int policy = p.plan->scheduling == config::Scheduling::Idle ? SCHED_IDLE : SCHED_BATCH;
    if (sched_setscheduler(0, policy, &none) != 0) give_up(p, Stage::Priority);
  }
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, p.oom_score.data(), p.oom_score.size()) < 0) give_up(p, Stage::Oom);
  close(fd);
}

bool set_limit(__rlimit_resource resource, rlim_t value) {
  const rlimit limit{.rlim_cur = value, .rlim_max = value};
  return setrlimit(resource, &limit) == 0;
}

/// PID 1 has raised its own soft limit. Programs that use select(2) want the usual one, and can raise it themselves.
bool limit_open_files(std::optional<unsigned> count) {
  constexpr rlim_t kUsual = 1024;  // INR_OPEN_CUR, include/uapi/linux/fs.h
  if (count) return set_limit(RLIMIT_NOFILE, *count);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = std::min(kUsual, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void limit_resources(const Prepared& p) {
  // A core would hold the service's secrets, and any process of the same user can have one written (prlimit(2) and a
  // signal). Only a hard limit of zero can't be raised again.
  if (p.plan->account.uid != 0 && !set_limit(RLIMIT_CORE, 0)) give_up(p, Stage::Limits);
  if (!limit_open_files(p.plan->open_files)) give_up(p, Stage::Limits);
}

/// While still root: PR_CAPBSET_DROP wants CAP_SETPCAP.
void bound_capabilities(const Prepared& p) {
  const config::CapabilitySet kept = p.plan->sandbox.capabilities;
  for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (!kept.has(capability) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) give_up(p, Stage::Privileges);
  // EINVAL: past the last capability of this kernel.
  if (errno != EINVAL || prctl(PR_SET_KEEPCAPS, kept.bits != 0 ? 1 : 0, 0, 0, 0) != 0) give_up(p, Stage::Privileges);
}

/// The four other sets (capabilities(7)): what is kept is permitted, effective and inheritable, and ambient as well, so
/// that an exec by a user that isn't root keeps it.
void settle_capabilities(const Prepared& p) {
  const config::CapabilitySet kept = p.plan->sandbox.capabilities;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto half = static_cast<std::uint32_t>(kept.bits >> (32 * i));
    sets[i] = {.effective = half, .permitted = half, .inheritable = half};
  }
  if (syscall(SYS_capset, &header, sets.data()) != 0) give_up(p, Stage::Privileges);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) give_up(p, Stage::Privileges);
  for (unsigned capability = 0; p.plan->account.uid != 0 && capability < 64; ++capability)
    if (kept.has(capability) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
      give_up(p, Stage::Privileges);
}

void change_user(const Prepared& p) {
  const bool restricted = p.plan->sandbox.capabilities != config::kAllCapabilities;
  if (restricted) bound_capabilities(p);
  const auto& groups = p.plan->account.groups;
  if (setgroups(groups.size(), groups.data()) != 0 || setgid(p.plan->account.gid) != 0 ||
      setuid(p.plan->account.uid) != 0)
    give_up(p, Stage::User);
  if (restricted) settle_capabilities(p);
  if (p.plan->sandbox.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(p, Stage::Privileges);
}

void pass_descriptor(const Prepared& p) {
  if (!p.plan->passed) return;
  const auto [from, to] = *p.plan->passed;
  // dup2(2) to itself would leave it close-on-exec.
  if ((from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to)) < 0) give_up(p, Stage::Descriptor);
}

[[noreturn]] void child(const Prepared& p) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (setsid() < 0) give_up(p, Stage::Session);
  redirect(p);
  if (!p.plan->terminal.empty()) open_terminal(p);
  umask(022);
  set_priority(p);
  if (!p.plan->mounts.empty() || p.plan->sandbox.private_tmp) private_mounts(p);
  if (chdir(p.plan->working_directory.c_str()) != 0) give_up(p, Stage::Directory);
  limit_resources(p);
  change_user(p);
  // PID 1's descriptors are close-on-exec; this makes it certain for those of libraries as well.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  pass_descriptor(p);
  if (p.filter.len != 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p.filter) != 0) give_up(p, Stage::Filter);
  execve(p.argv.front(), p.argv.data(), p.envp.data());
  give_up(p, Stage::Exec);
}

// --- preparing

std::vector<std::string> environment_for(const config::ServiceSpec& spec, const kernel::Account& account) {
  auto variables = spec.environment;
  variables.try_emplace("PATH", "/sbin:/usr/sbin:/usr/bin:/bin");
  variables.try_emplace("HOME", account.home);
  variables.try_emplace("USER", account.name);
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

Result<LaunchPlan> fill_plan(const config::ServiceSpec& spec, Process process) {
  LaunchPlan plan;
  plan.oom_score_adjust = spec.oom_score_adjust;
  if (process != Process::Main) {
    static const std::string self = "/proc/self/exe";  // this binary, wherever it lies
    plan.command = process == Process::AfterStart    ? spec.after_start
                   : process == Process::StopCommand ? spec.stop.command
                                                     : std::vector<std::string>{self, "prepare", spec.name};
    if (process == Process::Prepare) plan.command.insert(plan.command.end(), spec.origins.begin(), spec.origins.end());
    plan.environment = environment_for(spec, plan.account);
    return plan;
  }
  plan.account = UEBO_TRY(kernel::find_account(spec.user, spec.group));
  plan.command = spec.command;
  plan.environment = environment_for(spec, plan.account);
  plan.sandbox = config::sandbox_for(spec.sandbox, plan.account.uid == 0);
  plan.mounts = mount_steps(plan.sandbox, spec.binds, spec.hidden);
  if (plan.sandbox.system_call_filter != config::SystemCallFilter::Off)
    plan.filter = system_call_filter(native_abi(), plan.sandbox.capabilities);
  plan.working_directory = spec.working_directory;
  plan.terminal = spec.terminal;
  plan.open_files = spec.open_files;
  plan.nice = spec.nice;
  plan.scheduling = spec.scheduling;
  return plan;
}

}  // namespace

Result<LaunchPlan> plan_for(const config::ServiceSpec& spec, Process process) {
  auto plan = UEBO_TRY(fill_plan(spec, process));
  if (plan.command.empty()) return fail(0, "service", spec.name, "there is nothing to run");
  return plan;
}

Result<LaunchedProcess> launch(const LaunchPlan& plan, int cgroup_directory, int output) {
  std::array<int, 2> status{};
  if (pipe2(status.data(), O_CLOEXEC) != 0) return errno_error("pipe for", plan.command.front());
  UniqueFd read_end(status[0]);
  UniqueFd write_end(status[1]);
  // Out of the way of what the child is given.
  if (plan.passed) write_end.reset(fcntl(write_end.get(), F_DUPFD_CLOEXEC, kLeastOwnDescriptor));
  if (!write_end) return errno_error("pipe for", plan.command.front());

  const Prepared prepared{.plan = &plan,
                          .argv = pointers(plan.command),
                          .envp = pointers(plan.environment),
                          .oom_score = std::to_string(plan.oom_score_adjust),
                          // The kernel reads it alone.
                          .filter = {.len = static_cast<unsigned short>(plan.filter.size()),
                                     .filter = const_cast<sock_filter*>(plan.filter.data())},
                          .output = output,
                          .status = write_end.get()};
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(cgroup_directory);
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) return errno_error("clone for", plan.command.front());
  if (pid == 0) child(prepared);
  return LaunchedProcess{.pid = static_cast<pid_t>(pid), .pidfd = UniqueFd(pidfd), .status = std::move(read_end)};
}

std::optional<ExitReason> launch_failure(int status, const LaunchPlan& plan) {
  FailureReport report{};
  if (read(status, &report, sizeof report) != static_cast<ssize_t>(sizeof report)) return std::nullopt;
  std::string stage(kStages[static_cast<std::size_t>(report.stage)]);
  if (report.stage == Stage::Mount && report.step < plan.mounts.size()) stage = description(plan.mounts[report.step]);
  if (report.stage == Stage::Exec) stage += " " + plan.command.front();
  if (report.stage == Stage::Terminal) stage += " " + plan.terminal;
  if (report.stage == Stage::Directory) stage += " " + plan.working_directory;
  return ExitReason{.kind = ExitReason::Kind::ExecFailed, .value = report.error, .stage = std::move(stage)};
}

}  // namespace uebo::supervise
