// A task of the client, as it tells of it over its GUI RPC (client/result.cpp, client/app.cpp: write_gui()).
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "uebo/boinc/gui_rpc.hpp"

namespace uebo::boinc {

/// A number that the client did not say, or that was none.
inline constexpr double kUnsaid = std::numeric_limits<double>::quiet_NaN();

struct Task {
  std::string name;
  std::string workunit;
  std::string project_url;
  double state = kUnsaid;            // RESULT::state in lib/common_defs.h
  double process_state = kUnsaid;    // ACTIVE_TASK::task_state; unsaid before its first start
  double report_deadline = kUnsaid;  // seconds since 1970
  double time_remaining = kUnsaid;   // seconds, as the client guesses
  double final_cpu_time = kUnsaid;   // seconds
  double fraction_done = kUnsaid;
  double cpu_time = kUnsaid;             // seconds, of the process that runs or waits in memory
  double checkpoint_cpu_time = kUnsaid;  // seconds, what of it is safe
  double working_set_size = kUnsaid;     // bytes
  double memory_bound = kUnsaid;         // bytes, of its work unit
  double pid = kUnsaid;                  // of its process, while there is one
  std::string resources;                 // "4 CPUs"; nothing stands for one CPU
  bool ready_to_report = false;

  /// The process is there, as far as the client knows.
  [[nodiscard]] bool runs() const;
  /// What `resources` says, a part of one counted as one: at least 1.
  [[nodiscard]] std::size_t cores() const;
};

enum class Which {
  All,
  Active  // those that have a slot: they run, or are suspended
};

/// Asks for the tasks and hands each out. Returns how many elements were unreadable. Errors: those of GuiRpc::ask().
[[nodiscard]] Result<std::size_t> read_tasks(GuiRpc& rpc, Which which, const std::function<void(Task)>& take);

/// Sets the bytes of memory that the projects said these work units would use at most: values by the names of work
/// units. It takes the bulky get_state.
[[nodiscard]] Result<> read_memory_bounds(GuiRpc& rpc, std::map<std::string, double, std::less<>>& bounds);

}  // namespace uebo::boinc
