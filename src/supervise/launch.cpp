#include "uebo/supervise/launch.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>

namespace uebo::supervise {
namespace {

// --- what the child is doing, for the report of a failure

enum class Stage { Session, Output, Terminal, Namespace, Bind, Hide, Priority, Oom, Directory, Privileges, User, Exec };
constexpr std::array<std::string_view, 12> kStages{"setsid",
                                                   "redirect output",
                                                   "open terminal",
                                                   "make a mount namespace",
                                                   "bind mount",
                                                   "hide directories",
                                                   "set the priority",
                                                   "set oom_score_adj",
                                                   "change to the working directory",
                                                   "give up privileges",
                                                   "change user",
                                                   "exec"};
static_assert(kStages.size() == static_cast<std::size_t>(Stage::Exec) + 1);

struct FailureReport {
  Stage stage;
  int error;
};

/// The plan as plain pointers: after the clone nothing is allocated.
struct Prepared {
  const LaunchPlan* plan;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string oom_score;
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

[[noreturn]] void give_up(const Prepared& p, Stage stage) {
  const FailureReport report{.stage = stage, .error = errno};
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

/// A slave of PID 1's tree (rule 11): what is unmounted there goes here too. What the service leaves in shared memory
/// and in /tmp is charged to it and goes with its last process.
void private_mounts(const Prepared& p) {
  const int own_ipc = p.plan->unprivileged ? CLONE_NEWIPC : 0;
  if (unshare(CLONE_NEWNS | own_ipc) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    give_up(p, Stage::Namespace);
  if (p.plan->unprivileged) {
    for (const char* place : {"/tmp", "/dev/shm"})
      if (mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0 && errno != ENOENT)
        give_up(p, Stage::Namespace);
  }
  for (const auto& bind : p.plan->binds) {
    if (mount(bind.source.c_str(), bind.target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      give_up(p, Stage::Bind);
    if (bind.read_only && mount(nullptr, bind.target.c_str(), nullptr,
                                MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) != 0)
      give_up(p, Stage::Bind);
  }
  // After the binds, whose sources may lie in there. Unmounted below, the place stays covered.
  for (const std::string& place : p.plan->hidden)
    if (mount("tmpfs", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "mode=0,size=4k") != 0 &&
        errno != ENOENT)
      give_up(p, Stage::Hide);
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

void change_user(const Prepared& p) {
  if (p.plan->unprivileged) {
    // A core would hold the service's secrets, and any process of the same user can have one written (prlimit(2) and a
    // signal). Only a hard limit of zero can't be raised again.
    const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_CORE, &no_core) != 0) give_up(p, Stage::Privileges);
    // While still root: PR_CAPBSET_DROP wants CAP_SETPCAP. EINVAL: past the last capability of this kernel.
    for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) continue;
    if (errno != EINVAL) give_up(p, Stage::Privileges);
  }
  const gid_t gid = p.plan->account.gid;
  if (setgroups(1, &gid) != 0 || setgid(gid) != 0 || setuid(p.plan->account.uid) != 0) give_up(p, Stage::User);
  if (p.plan->unprivileged && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(p, Stage::Privileges);
}

[[noreturn]] void child(const Prepared& p) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (setsid() < 0) give_up(p, Stage::Session);
  redirect(p);
  if (!p.plan->terminal.empty()) open_terminal(p);
  umask(022);
  if (!p.plan->binds.empty() || !p.plan->hidden.empty()) private_mounts(p);
  set_priority(p);
  if (chdir(p.plan->working_directory.c_str()) != 0) give_up(p, Stage::Directory);
  change_user(p);
  // PID 1's descriptors are close-on-exec; this makes it certain for those of libraries as well.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
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
  plan.unprivileged = plan.account.uid != 0;
  plan.working_directory = spec.working_directory;
  plan.binds = spec.binds;
  plan.hidden = spec.hidden;
  plan.terminal = spec.terminal;
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
  const UniqueFd write_end(status[1]);

  const Prepared prepared{.plan = &plan,
                          .argv = pointers(plan.command),
                          .envp = pointers(plan.environment),
                          .oom_score = std::to_string(plan.oom_score_adjust),
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
  if (report.stage == Stage::Exec) stage += " " + plan.command.front();
  if (report.stage == Stage::Terminal) stage += " " + plan.terminal;
  if (report.stage == Stage::Directory) stage += " " + plan.working_directory;
  return ExitReason{.kind = ExitReason::Kind::ExecFailed, .value = report.error, .stage = std::move(stage)};
}

}  // namespace uebo::supervise
