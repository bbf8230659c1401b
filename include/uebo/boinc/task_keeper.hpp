// What the tasks need somebody for while they run: processors of their own, and an end for one that eats all memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/boinc/pinning.hpp"
#include "uebo/boinc/task.hpp"
#include "uebo/kernel/cgroup.hpp"

namespace uebo::boinc {

/// Looks at the tasks whenever it is asked to. A process that the client calls a task but is not in its control group
/// is left alone: the client's word is not enough to touch one.
///
/// Memory: a task is taken before the client when it runs out (oom_score_adj). BOINC starts one that was killed again,
/// however often it happens (client/app_control.cpp: signal 9 is no failure), and so on until the work unit's deadline.
/// The second time it is aborted, which the project is told. And before it comes to that: while all wait for memory,
/// the biggest one is aborted when it uses more than its project said.
class TaskKeeper {
 public:
  static constexpr int kTaskScore = 900;  // oom_score_adj; the client's is its service's
  static constexpr int kMostKills = 2;

  /// `group` is the name of the client's control group, as /proc/PID/cgroup has it.
  TaskKeeper(std::string group, bool pins) : group_name_(std::move(group)), pins_(pins) {}

  /// Errors: those of the connection, which is authorized.
  [[nodiscard]] Result<> look(GuiRpc& rpc, const kernel::Cgroup& group);
  /// All wait for memory, memory.pressure says: for the next look.
  void set_pressed() { pressed_ = true; }
  /// The main processes of the tasks that run.
  [[nodiscard]] std::vector<pid_t> processes() const;
  /// All processors are everybody's again.
  void release(const kernel::Cgroup& group);

 private:
  struct Running {
    Task task;
    pid_t pid = 0;
    std::vector<pid_t> family;  // with its own
  };

  [[nodiscard]] std::vector<Running> running(std::vector<Task> tasks, const std::vector<pid_t>& members) const;
  void note_kills(const std::vector<Running>& now, const kernel::Cgroup& group);
  void pin(const std::vector<Running>& now);
  [[nodiscard]] Result<> abort_killed(GuiRpc& rpc, const std::vector<Task>& tasks);
  [[nodiscard]] Result<> relieve(GuiRpc& rpc, const std::vector<Running>& now);
  [[nodiscard]] static Result<> abort(GuiRpc& rpc, const Task& task);

  std::string group_name_;
  bool pins_;
  bool pressed_ = false;
  bool looked_ = false;
  std::map<std::string, pid_t> seen_;  // what ran at the last look: tasks' names and processes
  Placement placement_;
  std::uint64_t kills_ = 0;            // of memory.events at the last look
  std::map<std::string, int> killed_;  // for want of memory, by the task's name
  std::optional<TimePoint> complained_;
};

}  // namespace uebo::boinc
