#include "uebo/boinc/task_keeper.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "uebo/base/file.hpp"
#include "uebo/base/markup.hpp"
#include "uebo/kernel/affinity.hpp"
#include "uebo/kernel/process_cgroup.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kNextComplaint = 10min;
constexpr double kMegabyte = 1e6;

/// proc_pid_status(5): VmRSS and VmSwap, in bytes.
double memory_of(pid_t process) {
  const auto status = read_file(fmt::format("/proc/{}/status", process));
  double bytes = 0;
  for (const std::string_view key : {"\nVmRSS:", "\nVmSwap:"}) {
    const auto found = status ? status->find(key) : std::string::npos;
    if (found == std::string::npos) continue;
    const auto begin = status->find_first_not_of(" \t", found + key.size());
    std::uint64_t kilobytes = 0;
    if (begin != std::string::npos) std::from_chars(status->data() + begin, status->data() + status->size(), kilobytes);
    bytes += static_cast<double>(kilobytes) * 1024;
  }
  return bytes;
}

double memory_of(const std::vector<pid_t>& family) {
  double bytes = 0;
  for (const pid_t process : family) bytes += memory_of(process);
  return bytes;
}

/// What a process may not be asked for, or one that has gone, is no trouble of the others.
void raise_score(pid_t process) {
  const std::string path = fmt::format("/proc/{}/oom_score_adj", process);
  const std::string wanted = fmt::format("{}\n", TaskKeeper::kTaskScore);
  if (const auto score = read_file(path); !score || *score == wanted) return;
  if (const auto written = write_kernel_file(path, wanted); !written && written.error().code != ESRCH)
    spdlog::warn("{}", written.error().message());
}

void confine(const std::vector<pid_t>& family, const std::vector<int>& cores) {
  for (const pid_t process : family)
    if (const auto bound = kernel::set_affinity(process, cores); !bound && bound.error().code != ESRCH)
      spdlog::warn("{}", bound.error().message());
}

}  // namespace

std::vector<TaskKeeper::Running> TaskKeeper::running(std::vector<Task> tasks, const std::vector<pid_t>& members) const {
  std::vector<Running> running;
  for (Task& task : tasks) {
    if (!task.runs() || !(task.pid >= 1 && task.pid <= std::numeric_limits<pid_t>::max())) continue;
    const auto pid = static_cast<pid_t>(task.pid);
    if (kernel::membership(pid, group_name_) != kernel::Membership::Member) continue;
    running.push_back({.task = std::move(task), .pid = pid, .family = kernel::family_of(pid, members)});
  }
  return running;
}

/// Those that are not there any more were killed, if anything was. One that ended well meanwhile is not in the client's
/// list the next time, or not again.
void TaskKeeper::note_kills(const std::vector<Running>& now, const kernel::Cgroup& group) {
  const std::uint64_t kills = group.memory_events().oom_kill;
  const bool more = kills > kills_;  // fewer: it is another run of the client
  kills_ = kills;
  if (more)
    for (const auto& [name, pid] : seen_)
      if (std::ranges::find(now, pid, &Running::pid) == now.end()) ++killed_[name];
  seen_.clear();
  for (const Running& one : now) seen_[one.task.name] = one.pid;
}

void TaskKeeper::pin(const std::vector<Running>& now) {
  const auto cores = kernel::usable_cores();
  if (!cores) {
    spdlog::warn("{}", cores.error().message());
    return;
  }
  std::vector<PinnedTask> tasks;
  for (const Running& one : now) tasks.push_back({.pid = one.pid, .cores = one.task.cores()});
  Placement placement = place(*cores, tasks, placement_);
  // A keeper that was killed has left tasks as it had bound them.
  const bool first = !std::exchange(looked_, true);
  if (placement == placement_ && !first) return;
  std::vector<int> all;
  for (const auto& core : *cores) all.push_back(core.number);
  for (const Running& one : now) {
    const auto before = placement_.find(one.pid);
    const auto after = placement.find(one.pid);
    if (after != placement.end() && (before == placement_.end() || before->second != after->second)) {
      confine(one.family, after->second);
      spdlog::info("{} runs on processor {}", one.task.name, fmt::join(after->second, ", "));
    } else if (after == placement.end() && (first || before != placement_.end())) {
      confine(one.family, all);
      if (!first) spdlog::info("{} runs on any processor: there are more tasks than processors", one.task.name);
    }
  }
  placement_ = std::move(placement);
}

Result<> TaskKeeper::abort(GuiRpc& rpc, const Task& task) {
  UEBO_TRY(rpc.call(fmt::format("<abort_result>\n<project_url>{}</project_url>\n<name>{}</name>\n</abort_result>",
                                markup(task.project_url), markup(task.name))));
  return {};
}

Result<> TaskKeeper::abort_killed(GuiRpc& rpc, const std::vector<Task>& tasks) {
  std::map<std::string, int> still;
  for (const Task& task : tasks) {
    const auto killed = killed_.find(task.name);
    if (killed == killed_.end()) continue;
    if (killed->second < kMostKills) {
      still.insert(*killed);
      continue;
    }
    UEBO_TRY(abort(rpc, task));
    spdlog::warn("{} is aborted: it was killed {} times for want of memory", task.name, killed->second);
  }
  killed_ = std::move(still);
  return {};
}

Result<> TaskKeeper::relieve(GuiRpc& rpc, const std::vector<Running>& now) {
  const Running* biggest = nullptr;
  double most = 0;
  for (const Running& one : now)
    if (const double memory = memory_of(one.family); memory > most) {
      biggest = &one;
      most = memory;
    }
  if (biggest == nullptr) return {};
  std::map<std::string, double, std::less<>> bounds{{biggest->task.workunit, kUnsaid}};
  UEBO_TRY(read_memory_bounds(rpc, bounds));
  const double bound = bounds.begin()->second;
  if (most > bound) {
    UEBO_TRY(abort(rpc, biggest->task));
    spdlog::warn("{} is aborted: it uses {:.0f} MB, {:.0f} MB are what its project said, and all wait for memory",
                 biggest->task.name, most / kMegabyte, bound / kMegabyte);
  } else if (const TimePoint moment = BootClock::now(); !complained_ || moment - *complained_ > kNextComplaint) {
    complained_ = moment;
    spdlog::warn("the tasks wait for memory; the biggest is {}, with {:.0f} MB", biggest->task.name, most / kMegabyte);
  }
  return {};
}

Result<> TaskKeeper::look(GuiRpc& rpc, const kernel::Cgroup& group) {
  std::vector<Task> tasks;
  UEBO_TRY(read_tasks(rpc, Which::Active, [&](Task task) { tasks.push_back(std::move(task)); }));
  const auto members = UEBO_TRY(group.processes());
  const auto now = running(tasks, members);
  for (const Running& one : now) std::ranges::for_each(one.family, raise_score);
  note_kills(now, group);
  if (pins_) pin(now);
  UEBO_TRY(abort_killed(rpc, tasks));
  if (pressed_) UEBO_TRY(relieve(rpc, now));
  pressed_ = false;
  return {};
}

std::vector<pid_t> TaskKeeper::processes() const {
  std::vector<pid_t> processes;
  for (const auto& [name, pid] : seen_) processes.push_back(pid);
  return processes;
}

void TaskKeeper::release(const kernel::Cgroup& group) {
  const auto cores = kernel::usable_cores();
  const auto members = group.processes();
  if (!cores || !members) return;
  std::vector<int> all;
  for (const auto& core : *cores) all.push_back(core.number);
  for (const auto& [pid, own] : placement_)
    if (kernel::membership(pid, group_name_) == kernel::Membership::Member)
      confine(kernel::family_of(pid, *members), all);
  placement_.clear();
}

}  // namespace uebo::boinc
