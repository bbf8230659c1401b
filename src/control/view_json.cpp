#include "view_json.hpp"

#include <algorithm>

namespace uebo::control {
namespace {

std::string printable(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

template <class Number>
std::optional<Number> count_of(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<Number>();
}

}  // namespace

std::string text_field(const Json& object, const char* name) {
  return printable(string_field(object, name).value_or(""));
}

std::vector<std::string> text_list(const Json& object, const char* name) {
  std::vector<std::string> texts;
  for (const Json& item : field(object, name))
    if (item.is_string()) texts.push_back(printable(item.get<std::string>()));
  return texts;
}

UnitView unit_view(const Json& unit) {
  UnitView view;
  view.name = text_field(unit, "name");
  view.description = text_field(unit, "description");
  view.job = text_field(unit, "type") == "job";
  view.enabled = bool_field(unit, "enabled").value_or(true);
  view.state = text_field(unit, "state");
  view.up = bool_field(unit, "up").value_or(false);
  view.detail = text_field(unit, "detail");
  view.waits_for = text_list(unit, "waits_for");
  view.pid = count_of<std::int64_t>(unit, "pid");
  view.memory = count_of<std::uint64_t>(unit, "memory");
  view.memory_peak = count_of<std::uint64_t>(unit, "memory_peak");
  view.cpu = number_field(unit, "cpu");
  view.oom_kills = count_of<std::uint64_t>(unit, "oom_kills").value_or(0);
  view.running_for = number_field(unit, "running_for");
  view.waiting_for = number_field(unit, "waiting_for");
  view.ready_for = number_field(unit, "ready_for");
  view.failures = count_of<std::uint64_t>(unit, "failures").value_or(0);
  view.next_try_in = number_field(unit, "next_try_in");
  view.restarts = count_of<std::uint64_t>(unit, "restarts").value_or(0);
  view.last_exit = text_field(unit, "last_exit");
  view.log_lines = count_of<std::uint64_t>(unit, "log_lines").value_or(0);
  view.log_dropped = count_of<std::uint64_t>(unit, "log_dropped").value_or(0);
  const Json& failed_run = field(unit, "failed_run");
  view.failed_run = text_field(failed_run, "reason");
  view.failed_run_lines = text_list(failed_run, "lines");
  view.first_started = number_field(unit, "first_started");
  view.first_up = number_field(unit, "first_up");
  return view;
}

std::vector<ConditionView> condition_views(const Json& conditions) {
  std::vector<ConditionView> views;
  for (const auto& [name, holders] : conditions.items()) {
    ConditionView view{.name = printable(name), .details = {}};
    for (const Json& detail : holders)
      if (detail.is_string() && !detail.get<std::string>().empty())
        view.details.push_back(printable(detail.get<std::string>()));
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace uebo::control
