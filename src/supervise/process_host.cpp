#include "uebo/supervise/process_host.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "uebo/kernel/cgroup.hpp"
#include "uebo/supervise/launch.hpp"
#include "uebo/supervise/readiness_watch.hpp"
#include "uebo/supervise/resource_limits.hpp"

namespace uebo::supervise {

using namespace std::chrono_literals;

/// One run of a unit: its cgroup, and the main process while there is one.
struct SystemProcessHost::Run {
  kernel::Cgroup cgroup;
  std::optional<pid_t> main;
  /// cgroup.kill was written. Such a group is never used again: since Linux 6.14 (and 6.12.14) a process that is cloned
  /// into it later is killed at birth, because the count of kills is compared with that of the parent's group
  /// (kernel/cgroup/cgroup.c, cgroup_css_set_fork() and cgroup_post_fork(), kill_seq).
  bool killed = false;
  /// As the group had them when they were counted last. At first: what a run before has left in it (a task in state D).
  Counters counted;
  // When the run began:
  std::uint64_t oom_kills_before = 0;  // of the unit
  std::uint64_t ooms_before = 0;       // of the group
  std::unique_ptr<ReadinessWatch> readiness = nullptr;
};

struct SystemProcessHost::Child {
  std::string unit;
  Process process;
  LaunchPlan plan;
  LaunchedProcess handle;
  bool exec_known = false;
};

SystemProcessHost::SystemProcessHost(event::Loop& loop, LogCollector& logs, std::string cgroup_root)
    : loop_(loop), logs_(logs), cgroup_root_(std::move(cgroup_root)) {}

SystemProcessHost::~SystemProcessHost() {
  for (const auto& [pid, child] : children_)
    if (!child->exec_known) loop_.remove(child->handle.status.get());
  for (const auto& [name, run] : runs_) loop_.remove(run->cgroup.events());
}

void SystemProcessHost::set_sink(Sink sink) { sink_ = std::move(sink); }

void SystemProcessHost::launch(const config::ServiceSpec& spec, Process process) {
  const bool fresh = process == Process::Prepare || (process == Process::Main && !policy_of(spec).prepares);
  const auto attempt = [&]() -> Result<> { return start(*UEBO_TRY(run_for(spec, fresh)), spec, process); };
  const auto started = attempt();
  if (started) return;
  const Error& error = started.error();
  const ExitReason why{.kind = ExitReason::Kind::ExecFailed,
                       .value = error.code,
                       .stage = error.code != 0 ? error.operation + " " + error.object : error.message()};
  if (process == Process::Main)
    sink_(spec.name, LaunchFailed{why});
  else
    sink_(spec.name, Exited{.process = process, .reason = why});
}

Result<SystemProcessHost::Run*> SystemProcessHost::run_for(const config::ServiceSpec& spec, bool fresh) {
  const auto found = runs_.find(spec.name);
  if (found != runs_.end() && !fresh && !found->second->killed) return found->second.get();
  remove_run(spec.name);
  auto run = std::make_unique<Run>(Run{.cgroup = UEBO_TRY(kernel::Cgroup::create(cgroup_root_ + "/" + spec.name)),
                                       .main = std::nullopt,
                                       .killed = false,
                                       .counted = {},
                                       .oom_kills_before = totals_[spec.name].oom_kills,
                                       .ooms_before = 0});
  run->ooms_before = run->cgroup.memory_events().oom;
  run->counted = counters_of(run->cgroup);
  apply_resource_limits(run->cgroup, spec);
  UEBO_TRY(
      loop_.watch(run->cgroup.events(), EPOLLPRI, [this, name = spec.name](std::uint32_t) { cgroup_changed(name); }));
  return runs_.emplace(spec.name, std::move(run)).first->second.get();
}

Result<> SystemProcessHost::start(Run& run, const config::ServiceSpec& spec, Process process) {
  const int output = UEBO_TRY(logs_.writer(spec.name, spec.log));
  auto plan = UEBO_TRY(plan_for(spec, process));
  auto child = std::make_unique<Child>(
      Child{.unit = spec.name, .process = process, .plan = std::move(plan), .handle = {}, .exec_known = false});
  if (process == Process::Main) {
    run.readiness = UEBO_TRY(ReadinessWatch::create(loop_, spec));
    run.readiness->prepare(child->plan);
  }
  child->handle = UEBO_TRY(supervise::launch(child->plan, run.cgroup.directory(), output));
  const pid_t pid = child->handle.pid;
  if (process == Process::Main) {
    run.main = pid;
    run.readiness->launched(pid, child->plan.account.uid);
  }
  const int status = child->handle.status.get();
  children_.emplace(pid, std::move(child));
  return loop_.watch(status, EPOLLIN | EPOLLHUP, [this, pid](std::uint32_t) { exec_settled(pid); });
}

/// The status pipe is readable: the exec has succeeded (end of file) or failed.
void SystemProcessHost::exec_settled(pid_t pid) {
  const auto found = children_.find(pid);
  if (found == children_.end() || found->second->exec_known) return;
  Child& child = *found->second;
  child.exec_known = true;
  loop_.remove(child.handle.status.get());
  const auto failure = launch_failure(child.handle.status.get(), child.plan);
  child.handle.status.reset();
  if (!failure) {
    if (child.process != Process::Main) return;
    begin_readiness(child.unit);
    return sink_(child.unit, Launched{});
  }
  // What is still to be reaped of this child is nobody's any more.
  const std::string unit = child.unit;
  const Process process = child.process;
  children_.erase(found);
  if (process == Process::Main) {
    if (const auto run = runs_.find(unit); run != runs_.end()) run->second->main.reset();
    sink_(unit, LaunchFailed{*failure});
  } else {
    sink_(unit, Exited{.process = process, .reason = *failure});
  }
}

/// What it has said already is told after Launched: nothing is delivered from within.
void SystemProcessHost::begin_readiness(const std::string& unit) {
  const auto run = runs_.find(unit);
  if (run == runs_.end() || !run->second->readiness) return;
  const auto begun = run->second->readiness->begin(
      [this, unit](NotifyMessage message) { sink_(unit, Notified{.message = std::move(message)}); });
  if (!begun) spdlog::warn("{}: can't hear whether it is ready: {}", unit, begun.error().message());
}

void SystemProcessHost::signal_stop(const config::ServiceSpec& spec) {
  const auto found = runs_.find(spec.name);
  if (found == runs_.end()) return;
  const Run& run = *found->second;
  if (spec.stop.target == config::StopTarget::Group) {
    if (const auto sent = run.cgroup.signal(spec.stop.signal); !sent)
      spdlog::warn("{}: {}", spec.name, sent.error().message());
    return;
  }
  if (!run.main) return;
  const auto child = children_.find(*run.main);
  if (child != children_.end())
    syscall(SYS_pidfd_send_signal, child->second->handle.pidfd.get(), spec.stop.signal, nullptr, 0U);
}

void SystemProcessHost::kill(const config::ServiceSpec& spec) {
  const auto found = runs_.find(spec.name);
  if (found == runs_.end()) return sink_(spec.name, CgroupEmpty{});
  Run& run = *found->second;
  if (run.cgroup.populated().value_or(true)) {
    run.killed = true;
    if (const auto killed = run.cgroup.kill(); !killed) spdlog::warn("{}: {}", spec.name, killed.error().message());
  }
  cgroup_changed(spec.name);
}

void SystemProcessHost::cgroup_changed(const std::string& unit) {
  const auto found = runs_.find(unit);
  if (found == runs_.end()) return;
  const auto populated = found->second->cgroup.populated();
  if (populated && !*populated) sink_(unit, CgroupEmpty{});
}

void SystemProcessHost::release(const config::ServiceSpec& spec) { remove_run(spec.name); }

void SystemProcessHost::remove_run(const std::string& unit) {
  const auto found = runs_.find(unit);
  if (found == runs_.end()) return;
  loop_.remove(found->second->cgroup.events());
  count(unit);
  if (const auto removed = found->second->cgroup.remove(); !removed)
    spdlog::warn("{}: {}", unit, removed.error().message());
  runs_.erase(found);
  // What is still to be reaped of that run is nobody's any more: its end must not be taken for that of the next one.
  std::erase_if(children_, [&](const auto& entry) {
    const Child& child = *entry.second;
    if (child.unit != unit) return false;
    if (!child.exec_known) loop_.remove(child.handle.status.get());
    return true;
  });
}

SystemProcessHost::Counters SystemProcessHost::counters_of(const kernel::Cgroup& cgroup) {
  return {.memory_peak = cgroup.memory_peak(), .cpu = cgroup.cpu_usage(), .oom_kills = cgroup.memory_events().oom_kill};
}

/// Adds what has come since the last time. What can't be read now is counted later.
const SystemProcessHost::Counters& SystemProcessHost::count(const std::string& unit) {
  Counters& total = totals_[unit];
  const auto found = runs_.find(unit);
  if (found == runs_.end()) return total;
  Counters& counted = found->second->counted;
  const Counters now = counters_of(found->second->cgroup);
  total.memory_peak = std::max(total.memory_peak, now.memory_peak);  // none is the least
  if (now.cpu) total.cpu = total.cpu.value_or(0us) + std::max(0us, *now.cpu - counted.cpu.value_or(0us));
  if (now.oom_kills > counted.oom_kills) total.oom_kills += now.oom_kills - counted.oom_kills;
  counted.cpu = std::max(counted.cpu, now.cpu);
  counted.oom_kills = std::max(counted.oom_kills, now.oom_kills);
  return total;
}

ProcessHost::Usage SystemProcessHost::usage(const std::string& unit) {
  const auto found = runs_.find(unit);
  const Run* run = found == runs_.end() ? nullptr : found->second.get();
  if (!run && !totals_.contains(unit)) return {};
  const Counters& total = count(unit);
  return {.main_pid = run ? run->main : std::nullopt,
          .memory = run ? run->cgroup.memory_current() : std::nullopt,
          .memory_peak = total.memory_peak,
          .cpu = total.cpu,
          .oom_kills = total.oom_kills};
}

namespace {

std::string stage_of(Process process) {
  switch (process) {
    case Process::Main:
      return {};
    case Process::Prepare:
      return "prepare";
    case Process::AfterStart:
      return "after start";
    case Process::StopCommand:
      return "stop command";
  }
  return {};
}

/// `no_memory`: what it is when a signal has killed it.
ExitReason reason_of(const siginfo_t& info, std::optional<ExitReason::Kind> no_memory) {
  if (info.si_code == CLD_EXITED) return {.kind = ExitReason::Kind::Exited, .value = info.si_status, .stage = {}};
  auto kind = info.si_code == CLD_DUMPED ? ExitReason::Kind::DumpedCore : ExitReason::Kind::Signalled;
  if (no_memory && info.si_status == SIGKILL) kind = *no_memory;
  return {.kind = kind, .value = info.si_status, .stage = {}};
}

}  // namespace

/// Before its end is told: what a main process has said of itself comes first.
void SystemProcessHost::hear_last_words(pid_t pid) {
  const auto child = children_.find(pid);
  if (child == children_.end() || child->second->process != Process::Main) return;
  const auto run = runs_.find(child->second->unit);
  if (run != runs_.end() && run->second->readiness) run->second->readiness->drain();
}

void SystemProcessHost::reap() {
  for (;;) {
    siginfo_t info{};
    // WNOWAIT: look first; the pid stays valid until the reaping.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    child_ended(info);
  }
}

/// Settles who it was, reaps it and tells.
void SystemProcessHost::child_ended(const siginfo_t& info) {
  const pid_t pid = info.si_pid;
  exec_settled(pid);
  hear_last_words(pid);
  std::unique_ptr<Child> child;
  if (const auto found = children_.find(pid); found != children_.end()) {
    child = std::move(found->second);
    children_.erase(found);
  }
  std::optional<ExitReason::Kind> no_memory;
  if (child) {
    if (const auto run = runs_.find(child->unit); run != runs_.end()) {
      // A descendant of this run may have been killed for want of memory long before this side killed them all.
      const bool lacked_memory = count(child->unit).oom_kills > run->second->oom_kills_before;
      if (lacked_memory && !run->second->killed)
        no_memory = run->second->cgroup.memory_events().oom > run->second->ooms_before
                        ? ExitReason::Kind::OutOfMemory
                        : ExitReason::Kind::BoardOutOfMemory;
      if (child->process == Process::Main) run->second->main.reset();
    }
    logs_.drain(child->unit);
  }
  siginfo_t reaped{};
  waitid(P_PID, static_cast<id_t>(pid), &reaped, WEXITED | WNOHANG);
  if (!child) return;
  ExitReason reason = reason_of(info, no_memory);
  reason.stage = stage_of(child->process);
  sink_(child->unit, Exited{.process = child->process, .reason = std::move(reason)});
}

void SystemProcessHost::ask_for_exit(const config::ServiceSpec& spec) {
  std::vector<pid_t> asked;
  for (const auto& [pid, child] : children_)
    if (child->unit == spec.name && (child->process == Process::Main || child->process == Process::Prepare))
      asked.push_back(pid);
  for (const pid_t pid : asked) {
    const auto found = children_.find(pid);
    if (found == children_.end()) continue;
    siginfo_t info{};
    const auto pidfd = static_cast<id_t>(found->second->handle.pidfd.get());
    const bool is_child = waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    if (is_child && info.si_pid != 0) child_ended(info);
    if (!is_child && errno == ECHILD) child_lost(pid);
  }
}

/// Somebody else has reaped it.
void SystemProcessHost::child_lost(pid_t pid) {
  exec_settled(pid);
  const auto found = children_.find(pid);
  if (found == children_.end()) return;
  const auto child = std::move(found->second);
  children_.erase(found);
  if (const auto run = runs_.find(child->unit); run != runs_.end() && child->process == Process::Main)
    run->second->main.reset();
  const ExitReason lost{.kind = ExitReason::Kind::Signalled, .value = 0, .stage = "its exit was lost"};
  sink_(child->unit, Exited{.process = child->process, .reason = lost});
}

}  // namespace uebo::supervise
