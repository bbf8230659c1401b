#include "uebo/kernel/host_name.hpp"
#include "uebo/kernel/memory.hpp"
#include "uebo/logs/log_reader.hpp"
#include "verbs.hpp"
#include "view_json.hpp"

namespace uebo::control {
namespace {

constexpr std::size_t kLastLines = 10;

/// What the command knows by itself.
void add_node(Json& json) {
  const std::string host = kernel::host_name();
  json["host"] = host.empty() ? "?" : host;
  json["uptime"] = json_seconds(BootClock::now().time_since_epoch());
  if (const auto memory = kernel::memory())
    json["memory"] = {{"total", memory->total}, {"available", memory->available}};
}

std::uint64_t bytes(const Json& memory, const char* name) {
  const Json& value = field(memory, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

NodeView node_view(const Json& json) {
  NodeView view;
  view.host = string_field(json, "host").value_or("?");
  view.version = string_field(json, "version").value_or("?");
  view.uptime = number_field(json, "uptime").value_or(0);
  view.memory_total = bytes(field(json, "memory"), "total");
  view.memory_used = view.memory_total - bytes(field(json, "memory"), "available");
  view.shutting_down = bool_field(json, "shutting_down").value_or(false);
  view.conditions = condition_views(field(json, "conditions"));
  for (const Json& unit : field(json, "units")) view.units.push_back(unit_view(unit));
  return view;
}

int node_status(const Run& run) {
  Answer answer = ask(run, {{"verb", "status"}});
  if (answer.code != 0) return say_error(run, answer);
  answer.json.erase("ok");
  add_node(answer.json);
  run.context.out(run.line.json ? json_text(answer.json) + "\n"
                                : status_text(node_view(answer.json), run.context.width));
  return 0;
}

std::string end_of_log(const Run& run, const std::string& unit) {
  logs::LogReader log(run.context.logs + "/" + unit);
  const auto lines = log.last_lines(kLastLines);
  if (lines.empty()) return {};
  std::string text = "\n" + log.directory() + "/current:\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

ExitCode code_of(const UnitView& unit) {
  if (is_running(unit)) return ExitCode::Done;
  if (unit.state == "crash-loop") return ExitCode::CrashLoop;
  if (unit.state == "failed") return ExitCode::UnitFailed;
  return ExitCode::NotRunning;
}

int unit_status(const Run& run, const std::string& name) {
  const Answer answer = ask(run, {{"verb", "status"}, {"name", name}});
  if (answer.code != 0) return say_error(run, answer);
  const Json& unit = field(answer.json, "unit");
  const UnitView view = unit_view(unit);
  run.context.out(run.line.json ? json_text(unit) + "\n" : unit_text(view) + end_of_log(run, name));
  return static_cast<int>(code_of(view));
}

}  // namespace

int status_verb(const Run& run) {
  return run.line.names.empty() ? node_status(run) : unit_status(run, run.line.names.front());
}

}  // namespace uebo::control
