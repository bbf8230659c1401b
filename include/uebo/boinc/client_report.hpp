// What a BOINC client says of itself over its GUI RPC, as plain values. It is read leniently: names come as they are,
// with no character escaped, flags as empty elements, and each version has elements of its own (client/result.cpp,
// client/project.cpp, lib/hostinfo.cpp, client/gui_rpc_server_ops.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/boinc/task.hpp"

namespace uebo::boinc {

struct Project {
  std::string url;
  std::string name;
  double user_total_credit = kUnsaid;
  double user_average_credit = kUnsaid;
  double host_total_credit = kUnsaid;
  double host_average_credit = kUnsaid;
  double jobs_success = kUnsaid;
  double jobs_error = kUnsaid;
  double elapsed_time = kUnsaid;  // seconds that its tasks have run
  double disk_usage = kUnsaid;    // bytes
  double running_tasks = 0;
};

struct Host {
  double whetstone = kUnsaid;    // floating point operations a second, of one processor
  double dhrystone = kUnsaid;    // the same of integers
  double benchmarked = kUnsaid;  // when, in seconds since 1970; 0: never
};

struct DiskUsage {
  double total = kUnsaid;  // bytes of the file system
  double free = kUnsaid;
  double allowed = kUnsaid;  // what the preferences leave to BOINC
  double client = kUnsaid;   // what the client uses itself; the projects' own is theirs
};

/// The states that a task is counted by, those of its process first.
inline constexpr std::array<std::string_view, 15> kTaskStates{
    "uninitialized", "executing",         "abort_pending",    "quit_pending",  "suspended",       "copy_pending",
    "new",           "files_downloading", "files_downloaded", "compute_error", "files_uploading", "files_uploaded",
    "aborted",       "upload_failed",     "unknown"};

/// One of kTaskStates.
[[nodiscard]] std::string_view state_of(const Task& task);

/// Counts any number of tasks, and keeps at most `limit` of them: those that run first, then by their deadline.
class Tasks {
 public:
  explicit Tasks(std::size_t limit = 0) : limit_(limit) {}
  void add(Task task);
  /// Puts them in order. Behind the last one.
  void settle();
  [[nodiscard]] std::vector<Task>& kept() { return kept_; }
  [[nodiscard]] const std::vector<Task>& kept() const { return kept_; }
  [[nodiscard]] std::size_t left_out() const { return total_ - kept_.size(); }
  /// How many there are in each of kTaskStates.
  [[nodiscard]] const std::array<std::size_t, kTaskStates.size()>& by_state() const { return by_state_; }

 private:
  std::size_t limit_;
  std::size_t total_ = 0;
  std::vector<Task> kept_;
  std::array<std::size_t, kTaskStates.size()> by_state_{};
};

struct ClientReport {
  std::string version;              // "8.0.4"
  double suspend_reason = kUnsaid;  // a bit mask, SUSPEND_REASON in lib/common_defs.h
  Host host;
  DiskUsage disk;
  std::vector<Project> projects;
  Tasks tasks;
  std::size_t unreadable = 0;  // elements that are no XML, a name with a '<' for example
};

struct SuspendReason {
  unsigned bit;
  std::string_view name;
};

/// SUSPEND_REASON in lib/common_defs.h.
inline constexpr std::array<SuspendReason, 13> kSuspendReasons{{{1, "batteries"},
                                                                {2, "user_active"},
                                                                {4, "user_request"},
                                                                {8, "time_of_day"},
                                                                {16, "benchmarks"},
                                                                {32, "disk_size"},
                                                                {64, "cpu_throttle"},
                                                                {128, "no_recent_input"},
                                                                {256, "initial_delay"},
                                                                {512, "exclusive_app_running"},
                                                                {1024, "cpu_usage"},
                                                                {2048, "network_quota_exceeded"},
                                                                {4096, "os"}}};

/// The names of those that hold; none at all where the client has not said it.
[[nodiscard]] std::optional<std::vector<std::string_view>> suspend_reasons(const ClientReport& report);

/// Asks a client for all of it.
class ClientReader {
 public:
  /// More projects than this are taken for junk.
  static constexpr std::size_t kMostProjects = 200;

  explicit ClientReader(std::size_t task_limit, std::uint16_t port = kGuiRpcPort)
      : task_limit_(task_limit), port_(port) {}
  /// All or nothing: a client that answers in part, or not by the deadline, is an error, of GuiRpc's.
  [[nodiscard]] Result<ClientReport> read(TimePoint deadline);

 private:
  [[nodiscard]] Result<> add_memory_bounds(GuiRpc& rpc, ClientReport& report);

  std::size_t task_limit_;
  std::uint16_t port_;
  /// Of the work units of the tasks that were kept last. A work unit's bound never changes, and only the bulky
  /// get_state tells it, so that is asked for when a new one comes up.
  std::map<std::string, double, std::less<>> memory_bounds_;
};

}  // namespace uebo::boinc
