#include "uebo/web/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "uebo/base/markup.hpp"
#include "uebo/control/view.hpp"

namespace uebo::web {
namespace {

using control::bool_field;
using control::duration_text;
using control::field;
using control::Json;
using control::memory_text;
using control::number_field;
using control::string_field;

std::string text(const Json& object, const char* name) { return markup(string_field(object, name).value_or("")); }

std::string size(const Json& object, const char* name) {
  const auto bytes = number_field(object, name);
  return bytes && *bytes >= 0 ? memory_text(static_cast<std::uint64_t>(*bytes)) : "";
}

std::string time(const Json& object, const char* name) {
  const auto seconds = number_field(object, name);
  return seconds && *seconds >= 0 ? duration_text(*seconds) : "";
}

std::string count(const Json& object, const char* name) {
  const auto number = number_field(object, name);
  return number ? fmt::format("{:.0f}", *number) : "";
}

std::string date_as(const char* form, std::time_t moment) {
  std::tm parts{};
  gmtime_r(&moment, &parts);
  std::array<char, 32> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), form, &parts)};
}

std::string date(double seconds) {
  constexpr double kLatest = 4e9;
  if (!(seconds > 0 && seconds < kLatest)) return "";
  const auto moment = static_cast<std::time_t>(seconds);
  return fmt::format("<time datetime=\"{}\">{} UTC</time>", date_as("%FT%TZ", moment), date_as("%F %R", moment));
}

// --- pieces

/// A row of a list of facts; nothing where there is no value.
std::string fact(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value);
}

/// On a narrow screen a row becomes a card, and the label stands before each cell.
std::string cell(std::string_view label, const std::string& value) {
  return fmt::format("<td data-label=\"{}\">{}</td>", label, value);
}

std::string head(const std::vector<std::string_view>& columns) {
  std::string row = "<thead><tr>";
  for (const auto& column : columns) row += fmt::format("<th scope=\"col\">{}</th>", column);
  return row + "</tr></thead>\n";
}

std::string section(std::string_view id, std::string_view title, const std::string& content) {
  return fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
                     id, title, content);
}

/// What the script puts in place of what is there when it has changed.
std::string live(std::string_view id, const std::string& content) {
  return fmt::format("<div id=\"{}\" data-live>\n{}</div>\n", id, content);
}

std::string lines_of(const Json& lines) {
  std::string content;
  for (const Json& line : lines)
    if (line.is_string()) content += markup(line.get<std::string>()) + "\n";
  return content;
}

std::string state_badge(const std::string& state, std::string_view kind) {
  return fmt::format("<span class=\"state {}\">{}</span>", kind, state);
}

// --- parts

std::string_view kind_of(std::string_view state) {
  if (state == "working" || state == "running" || state == "ready" || state == "done") return "good";
  if (state == "down" || state == "failed" || state == "crash-loop" || state == "backoff") return "bad";
  return "neutral";
}

std::string header(const Json& document) {
  const Json& node = document["node"];
  const std::string state = string_field(document, "state").value_or("");
  std::string notes = state_badge(markup(state), kind_of(state));
  if (bool_field(document, "shutting_down").value_or(false)) notes += " " + state_badge("shutting down", "bad");
  if (!bool_field(document, "pid1_answers").value_or(false)) notes += " " + state_badge("PID 1 does not answer", "bad");
  return fmt::format("<header>\n<h1>{}</h1>\n", text(node, "hostname")) +
         live("head", fmt::format("<p>{} up for {}</p>\n", notes, time(node, "uptime"))) + "</header>\n";
}

std::string progress(const Json& task) {
  const auto done = number_field(task, "fraction_done");
  if (!done) return "";
  const double percent = std::clamp(*done, 0.0, 1.0) * 100;
  return fmt::format("<progress max=\"100\" value=\"{0:.1f}\" aria-label=\"{1}\">{0:.1f} %</progress> {0:.1f} %",
                     percent, text(task, "name"));
}

std::string deadline(const Json& task, double now) {
  const auto at = number_field(task, "deadline");
  if (!at) return "";
  return *at < now ? date(*at) + " <strong>late</strong>" : date(*at);
}

std::string words(std::string state) {
  std::ranges::replace(state, '_', ' ');
  return state;
}

std::string tasks(const Json& document) {
  const Json& client = document["boinc"];
  if (!bool_field(client, "up").value_or(false))
    return fmt::format("<p>The BOINC client does not answer: {}.</p>\n", text(client, "trouble"));
  std::string content;
  for (const Json& reason : client["suspended"])
    if (reason.is_string()) content += fmt::format("<p>Suspended: {}.</p>\n", words(markup(reason.get<std::string>())));
  if (client["tasks"].empty()) return content + "<p>There are no tasks.</p>\n";
  content += "<table><caption class=\"unseen\">Tasks of the BOINC client</caption>\n" +
             head({"Task", "Project", "Progress", "State", "Left", "CPU time", "Unsaved", "Memory", "Deadline"}) +
             "<tbody>\n";
  const double now = number_field(document["node"], "time").value_or(0);
  for (const Json& task : client["tasks"])
    content += "<tr><th scope=\"row\">" + text(task, "name") + "</th>" + cell("Project", text(task, "project")) +
               cell("Progress", progress(task)) + cell("State", words(text(task, "state"))) +
               cell("Left", time(task, "remaining")) + cell("CPU time", time(task, "cpu_time")) +
               cell("Unsaved", time(task, "unsaved")) + cell("Memory", size(task, "memory")) +
               cell("Deadline", deadline(task, now)) + "</tr>\n";
  content += "</tbody></table>\n";
  if (const auto more = number_field(client, "more_tasks"); more && *more > 0)
    content += fmt::format("<p>And {:.0f} more.</p>\n", *more);
  return content;
}

std::string projects(const Json& document) {
  const Json& listed = field(document["boinc"], "projects");
  if (!listed.is_array() || listed.empty()) return "<p>The client is attached to no project.</p>\n";
  std::string content = "<table><caption class=\"unseen\">Projects and credit</caption>\n" +
                        head({"Project", "This node's credit", "A day, lately", "Your credit", "Done", "Failed"}) +
                        "<tbody>\n";
  for (const Json& project : listed)
    content += "<tr><th scope=\"row\">" + text(project, "name") + "</th>" +
               cell("This node's credit", count(project, "host_total_credit")) +
               cell("A day, lately", count(project, "host_average_credit")) +
               cell("Your credit", count(project, "user_total_credit")) + cell("Done", count(project, "jobs_success")) +
               cell("Failed", count(project, "jobs_error")) + "</tr>\n";
  return content + "</tbody></table>\n";
}

std::string drain(const Json& document) {
  const Json& drain = document["drain"];
  const std::string lines = lines_of(field(drain, "lines"));
  if (lines.empty()) return "";
  return fmt::format("<h3>Drain: {}</h3>\n<pre class=\"log\">{}</pre>\n", text(drain, "state"), lines);
}

std::string storage(const Json& document) {
  const Json& storage = field(document, "storage");
  if (!storage.is_object()) return "none";
  std::string line = text(storage, "source") + " (" + text(storage, "type") + ")";
  if (bool_field(storage, "read_only").value_or(false)) line += ", <strong>read-only</strong>";
  if (const auto free = size(storage, "free"); !free.empty())
    line += ", " + free + " of " + size(storage, "total") + " free";
  return line;
}

std::string temperatures(const Json& document) {
  std::string content;
  for (const Json& zone : field(document, "temperatures")) {
    const double celsius = number_field(zone, "celsius").value_or(0);
    content += fmt::format("{}{} {:.0f} °C", content.empty() ? "" : ", ", text(zone, "zone"), celsius);
    if (const auto limit = number_field(zone, "limit")) content += fmt::format(" (limit {:.0f} °C)", *limit);
  }
  return content;
}

std::string memory(const Json& node) {
  const Json& memory = field(node, "memory");
  return memory.is_object() ? size(memory, "available") + " of " + size(memory, "total") + " available" : "";
}

std::string speed(const Json& client) {
  const auto whetstone = number_field(client, "whetstone_flops");
  const auto dhrystone = number_field(client, "dhrystone_ops");
  if (!whetstone || !dhrystone) return "";
  return fmt::format("{:.0f} MFLOPS, {:.0f} MIPS a core", *whetstone / 1e6, *dhrystone / 1e6);
}

std::string node_facts(const Json& document) {
  const Json& node = document["node"];
  return "<dl>\n" + fact("Storage", storage(document)) + fact("Memory", memory(node)) +
         fact("Temperature", temperatures(document)) +
         fact("Load", number_field(node, "load") ? fmt::format("{:.2f}", *number_field(node, "load")) : "") +
         fact("BOINC", text(document["boinc"], "version")) + fact("Speed", speed(document["boinc"])) +
         fact("UEBO", text(node, "version") + ", " + text(node, "suite")) +
         fact("Kernel", text(node, "kernel") + ", " + text(node, "architecture")) + "</dl>\n";
}

std::string buttons(const std::string& name, bool is_up) {
  std::string content;
  for (const std::string_view verb : {"start", "stop", "restart"})
    if ((verb == "start") != is_up)
      content += fmt::format(
          "<button type=\"button\" data-verb=\"{0}\" data-name=\"{1}\" aria-label=\"{0} {1}\">{0}</button> ", verb,
          name);
  return content;
}

/// Of daemons, or of jobs, which have nothing to be changed.
std::string units_table(const Json& units, bool jobs, bool may_change) {
  std::vector<std::string_view> columns{jobs ? "Job" : "Service", "State", "For", "Memory", "Restarts", "What it is"};
  if (may_change) columns.emplace_back("Change");
  std::string content = fmt::format("<table><caption class=\"unseen\">{}</caption>\n", jobs ? "Jobs" : "Services") +
                        head(columns) + "<tbody>\n";
  for (const Json& unit : units) {
    if ((string_field(unit, "type") == "job") != jobs) continue;
    const std::string state = text(unit, "state");
    const std::string detail = text(unit, "detail");
    content += "<tr><th scope=\"row\">" + text(unit, "name") + "</th>" +
               cell("State", state_badge(state, kind_of(state))) + cell("For", time(unit, "running_for")) +
               cell("Memory", size(unit, "memory")) + cell("Restarts", count(unit, "restarts")) +
               cell("What it is", detail.empty() ? text(unit, "description") : detail);
    if (may_change) content += cell("Change", buttons(text(unit, "name"), bool_field(unit, "up").value_or(false)));
    content += "</tr>\n";
  }
  return content + "</tbody></table>\n";
}

std::string services(const Json& document) {
  const Json& units = document["services"];
  const auto jobs = std::ranges::count_if(units, [](const Json& unit) { return string_field(unit, "type") == "job"; });
  return units_table(units, false, bool_field(document, "may_change").value_or(false)) +
         fmt::format("<details id=\"jobs\"><summary>{} jobs</summary>\n", jobs) + units_table(units, true, false) +
         "</details>\n";
}

std::string changes(const Json& document) {
  if (!bool_field(document, "may_change").value_or(false)) return "";
  return section("changes", "Change something",
                 "<noscript><p>This needs JavaScript.</p></noscript>\n"
                 "<p><label for=\"token\">Token</label> <input id=\"token\" type=\"password\" autocomplete=\"off\">\n"
                 "<button type=\"button\" data-verb=\"restart\" data-name=\"drain\">drain</button>\n"
                 "<button type=\"button\" data-verb=\"stop\" data-name=\"drain\">call the drain off</button>\n"
                 "<button type=\"button\" data-verb=\"restart\" data-name=\"drain-undo\">work again</button></p>\n"
                 "<p id=\"answer\" role=\"status\"></p>\n");
}

std::string log(const Json& document) {
  const Json& shown = document["log"];
  const std::string of = string_field(shown, "service").value_or("");
  std::string options;
  std::vector<std::string> names{"uebo"};
  for (const Json& unit : document["services"]) names.push_back(string_field(unit, "name").value_or(""));
  for (const std::string& name : names)
    options += fmt::format("<option{}>{}</option>", name == of ? " selected" : "", markup(name));
  return fmt::format(
      "<form method=\"get\" action=\"/\"><label for=\"log-of\">Log of</label> <select id=\"log-of\" "
      "name=\"log\">{}</select>\n"
      "<noscript><button>show</button></noscript></form>\n<pre id=\"lines\" class=\"log\" role=\"log\" "
      "aria-live=\"off\" "
      "aria-label=\"log lines\" tabindex=\"0\">{}</pre>\n",
      options, lines_of(field(shown, "lines")));
}

}  // namespace

std::string page(const Json& document) {
  const std::string host = text(document["node"], "hostname");
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         host +
         "</title>\n<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/page.css\">\n<script "
         "src=\"/page.js\" "
         "defer></script>\n</head>\n<body>\n"
         "<a class=\"skip\" href=\"#tasks\">Skip to the tasks</a>\n" +
         header(document) + "<main>\n" +
         section("tasks", "Tasks", live("task-list", tasks(document) + drain(document))) +
         section("projects", "Projects", live("project-list", projects(document))) +
         section("node", "Node", live("facts", node_facts(document))) + changes(document) +
         section("services", "Services", live("service-list", services(document))) +
         section(
             "boot", "Boot",
             "<details><summary>How it booted</summary><a href=\"/boot.svg\"><img src=\"/boot.svg\" loading=\"lazy\" "
             "alt=\"One bar for each step and service of the boot; `uebo boot` tells the same in "
             "words\"></a></details>\n") +
         section("log", "Log", log(document)) +
         "</main>\n<footer><p id=\"fresh\" role=\"status\"></p><p><a "
         "href=\"/metrics\">Metrics</a></p></footer>\n</body>\n</html>\n";
}

}  // namespace uebo::web
