// What the command has been told of the node, and how people are shown it: plain aligned text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uebo::control {

/// Times are in seconds; points in time count from the kernel's start.
struct UnitView {
  std::string name;
  std::string description;
  bool job = false;
  bool enabled = true;
  std::string state;
  bool up = false;
  std::string detail;
  std::vector<std::string> waits_for;
  std::optional<double> waiting_for;
  std::optional<std::int64_t> pid;
  std::optional<std::uint64_t> memory;  // bytes
  std::optional<std::uint64_t> memory_peak;
  std::optional<double> cpu;
  std::uint64_t oom_kills = 0;
  std::optional<double> running_for;
  std::optional<double> ready_for;
  std::optional<double> next_try_in;
  std::uint64_t failures = 0;  // in a row
  std::uint64_t restarts = 0;
  std::string last_exit;
  std::uint64_t log_lines = 0;
  std::uint64_t log_dropped = 0;
  std::string failed_run;                     // how the last run that failed has ended
  std::vector<std::string> failed_run_lines;  // what it wrote last
  std::optional<double> first_started;
  std::optional<double> first_up;
};

struct ConditionView {
  std::string name;
  std::vector<std::string> details;  // one a holder that has something to say
};

struct NodeView {
  std::string host;
  std::string version;
  double uptime = 0;
  std::uint64_t memory_used = 0;  // bytes; 0: not known
  std::uint64_t memory_total = 0;
  bool shutting_down = false;
  std::vector<ConditionView> conditions;
  std::vector<UnitView> units;
};

/// Up in the sense of `status NAME`: a daemon that runs, ready or not, a job that runs or is done.
[[nodiscard]] bool is_running(const UnitView& unit);

/// A head about the node, then services, then jobs. Lines are cut at `width`, where there is one.
[[nodiscard]] std::string status_text(const NodeView& node, std::optional<std::size_t> width);
[[nodiscard]] std::string unit_text(const UnitView& unit);

/// "45s", "12m05s", "3h12m", "5d03h".
[[nodiscard]] std::string duration_text(double seconds);
/// "512K", "12.3M", "1.2G", in powers of 1024.
[[nodiscard]] std::string memory_text(std::uint64_t bytes);

}  // namespace uebo::control
