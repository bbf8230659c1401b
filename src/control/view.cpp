#include "uebo/control/view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "uebo/control/table.hpp"

namespace uebo::control {
namespace {

constexpr std::size_t kUsualWidth = 80;

std::string next_try(const UnitView& unit) {
  return unit.next_try_in ? "; next try in " + duration_text(*unit.next_try_in) : std::string();
}

std::string waits_for(const UnitView& unit) {
  const std::string since = unit.waiting_for ? " since " + duration_text(*unit.waiting_for) : "";
  return fmt::format("waits for {}{}", fmt::join(unit.waits_for, ", "), since);
}

std::string in_a_row(const UnitView& unit) {
  return unit.failures > 1 ? fmt::format("; {} failures in a row", unit.failures) : std::string();
}

std::string running_notes(const UnitView& unit) {
  const std::string ready = unit.state == "running" && !unit.up ? "not ready yet" : "";
  if (!unit.detail.empty()) return ready + (ready.empty() ? "" : ": ") + unit.detail;
  if (unit.restarts == 0 || unit.last_exit.empty()) return ready;
  return ready + (ready.empty() ? "" : "; ") + "last: " + unit.last_exit + in_a_row(unit);
}

std::string daemon_notes(const UnitView& unit) {
  if (!unit.waits_for.empty()) return waits_for(unit);
  if (unit.state == "backoff" || unit.state == "crash-loop" || unit.state == "failed")
    return (unit.last_exit.empty() ? unit.detail : unit.last_exit) + in_a_row(unit) + next_try(unit);
  if (!unit.enabled) return "disabled";
  if (unit.state == "running" || unit.state == "ready") return running_notes(unit);
  return unit.state == "stopping" ? unit.detail : "";
}

std::string job_notes(const UnitView& unit) {
  if (!unit.waits_for.empty()) return waits_for(unit);
  if (unit.state == "failed" && !unit.last_exit.empty())
    return unit.detail.empty() ? unit.last_exit : unit.detail + " (" + unit.last_exit + ")";
  if (!unit.enabled) return "disabled";
  return unit.detail + next_try(unit);
}

std::string took(const UnitView& unit) {
  if (unit.running_for) return fmt::format("{:.2f}", *unit.running_for);
  if (unit.first_started && unit.first_up) return fmt::format("{:.2f}", *unit.first_up - *unit.first_started);
  return "-";
}

std::string services_table(const NodeView& node, std::optional<std::size_t> width) {
  using enum Align;
  Table table({Left, Left, Right, Right, Right, Right, Left});
  table.add({"service", "state", "pid", "uptime", "restarts", "memory", "notes"});
  for (const UnitView& unit : node.units) {
    if (unit.job) continue;
    table.add({unit.name, unit.state, unit.pid ? std::to_string(*unit.pid) : "-",
               unit.running_for ? duration_text(*unit.running_for) : "-", std::to_string(unit.restarts),
               unit.memory ? memory_text(*unit.memory) : "-", daemon_notes(unit)});
  }
  return table.text(width);
}

std::string jobs_table(const NodeView& node, std::optional<std::size_t> width) {
  using enum Align;
  Table table({Left, Left, Right, Left});
  table.add({"job", "state", "seconds", "notes"});
  for (const UnitView& unit : node.units)
    if (unit.job) table.add({unit.name, unit.state, took(unit), job_notes(unit)});
  return table.text(width);
}

std::string head(const NodeView& node, std::size_t width) {
  std::string line = fmt::format("{}  up {}", node.host, duration_text(node.uptime));
  if (node.memory_total > 0)
    line += fmt::format("  memory {} of {} used", memory_text(node.memory_used), memory_text(node.memory_total));
  line += "  UEBO " + node.version + (node.shutting_down ? "  SHUTTING DOWN" : "") + "\n";
  std::vector<std::string> words{"conditions:"};
  for (const ConditionView& condition : node.conditions) {
    std::string word = condition.name;
    if (!condition.details.empty()) word += fmt::format(" ({})", fmt::join(condition.details, "; "));
    words.push_back(word + (&condition == &node.conditions.back() ? "" : ","));
  }
  if (node.conditions.empty()) words.emplace_back("none");
  return line + wrapped(words, width, "  ");
}

}  // namespace

bool is_running(const UnitView& unit) {
  return unit.state == "running" || unit.state == "ready" || (unit.job && unit.state == "done");
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e12));
  const std::int64_t minutes = whole / 60;
  const std::int64_t hours = minutes / 60;
  if (minutes == 0) return fmt::format("{}s", whole);
  if (hours == 0) return fmt::format("{}m{:02}s", minutes, whole % 60);
  if (hours < 24) return fmt::format("{}h{:02}m", hours, minutes % 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

std::string memory_text(std::uint64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  if (kib < 1000) return fmt::format("{:.0f}K", kib);
  if (kib < 1000 * 1024) return fmt::format("{:.1f}M", kib / 1024);
  return fmt::format("{:.1f}G", kib / 1024 / 1024);
}

std::string status_text(const NodeView& node, std::optional<std::size_t> width) {
  const auto is_job = [](const UnitView& unit) { return unit.job; };
  std::string text = head(node, width.value_or(kUsualWidth));
  if (!std::ranges::all_of(node.units, is_job)) text += "\n" + services_table(node, width);
  if (std::ranges::any_of(node.units, is_job)) text += "\n" + jobs_table(node, width);
  return text;
}

std::string unit_text(const UnitView& unit) {
  std::string text = unit.name + (unit.description.empty() ? "" : " - " + unit.description) + "\n";
  const auto line = [&text](std::string_view what, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<12}{}\n", what, value);
  };
  line("state", unit.state + (unit.running_for ? " for " + duration_text(*unit.running_for) : ""));
  line("enabled", unit.enabled ? "yes" : "no");
  if (unit.state == "running" && !unit.up && !unit.job) line("ready", "not yet");
  if (unit.ready_for) line("ready", "for " + duration_text(*unit.ready_for));
  const std::string since = unit.waiting_for ? " (since " + duration_text(*unit.waiting_for) + ")" : "";
  if (!unit.waits_for.empty()) line("waits for", fmt::format("{}{}", fmt::join(unit.waits_for, ", "), since));
  if (unit.pid) line("pid", std::to_string(*unit.pid));
  if (unit.memory) line("memory", memory_text(*unit.memory));
  if (unit.memory_peak) line("at most", memory_text(*unit.memory_peak));
  if (unit.cpu) line("cpu time", fmt::format("{:.2f} s", *unit.cpu));
  if (unit.oom_kills > 0) line("oom kills", std::to_string(unit.oom_kills));
  line("detail", unit.detail == unit.last_exit ? "" : unit.detail);
  line("last exit", unit.last_exit);
  if (unit.next_try_in) line("next try", "in " + duration_text(*unit.next_try_in));
  line("restarts", std::to_string(unit.restarts));
  if (unit.failures > 0) line("failures", fmt::format("{} in a row", unit.failures));
  if (unit.first_started) line("first start", fmt::format("{:.2f} s after the kernel's", *unit.first_started));
  if (unit.first_up) line("first up", fmt::format("{:.2f} s after the kernel's start", *unit.first_up));
  const std::string lost = unit.log_dropped > 0 ? fmt::format(", {} lost", unit.log_dropped) : "";
  line("log", fmt::format("{} lines{}", unit.log_lines, lost));
  line("failed run", unit.failed_run);
  for (const std::string& said : unit.failed_run_lines) text += "    | " + said + "\n";
  return text;
}

}  // namespace uebo::control
