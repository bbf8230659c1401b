#include "uebo/boinc/task.hpp"

#include <charconv>
#include <cmath>

#include "record.hpp"

namespace uebo::boinc {
namespace {

constexpr std::array<Field<Task>, 9> kTaskFields{{
    {"name", &Task::name},
    {"wu_name", &Task::workunit},
    {"project_url", &Task::project_url},
    {"final_cpu_time", &Task::final_cpu_time},
    {"state", &Task::state},
    {"report_deadline", &Task::report_deadline},
    {"estimated_cpu_time_remaining", &Task::time_remaining},
    {"resources", &Task::resources},
    {"ready_to_report", &Task::ready_to_report},
}};

constexpr std::array<Field<Task>, 6> kActiveTaskFields{{
    {"active_task_state", &Task::process_state},
    {"fraction_done", &Task::fraction_done},
    {"current_cpu_time", &Task::cpu_time},
    {"checkpoint_cpu_time", &Task::checkpoint_cpu_time},
    {"working_set_size", &Task::working_set_size},
    {"pid", &Task::pid},
}};

struct Workunit {
  double memory_bound = kUnsaid;
};
constexpr std::array<Field<Workunit>, 1> kWorkunitFields{{{"rsc_memory_bound", &Workunit::memory_bound}}};

/// The name in a work unit's text as it stands. Of a thousand work units few are wanted, so only those are parsed.
std::string_view name_in(std::string_view text) {
  constexpr std::string_view kTag = "<name>";
  const std::size_t begin = text.find(kTag);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + kTag.size());
  return text.substr(0, std::min(text.find('<'), kLongestText));
}

}  // namespace

double number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && std::isfinite(value) ? value : kUnsaid;
}

pugi::xml_node parse(pugi::xml_document& document, std::span<char> text) {
  constexpr unsigned kOptions = pugi::parse_cdata | pugi::parse_embed_pcdata;
  if (!document.load_buffer_inplace(text.data(), text.size(), kOptions, pugi::encoding_utf8)) return {};
  return document.first_child();
}

bool Task::runs() const { return process_state == 1; }

std::size_t Task::cores() const {
  const double cpus = resources.find("CPU") == std::string::npos ? 1 : number(resources.substr(0, resources.find(' ')));
  constexpr double kMost = 1024;
  return cpus > 1 ? static_cast<std::size_t>(std::ceil(std::min(cpus, kMost))) : 1;
}

Result<std::size_t> read_tasks(GuiRpc& rpc, Which which, const std::function<void(Task)>& take) {
  constexpr std::string_view kName = "result";
  const std::string_view request =
      which == Which::All ? "<get_results/>" : "<get_results>\n<active_only>1</active_only>\n</get_results>";
  std::size_t unreadable = 0;
  UEBO_TRY(rpc.ask(request, std::span(&kName, 1), [&](std::string_view, std::span<char> text) -> Result<> {
    pugi::xml_document document;
    Task task;
    const auto node = parse(document, text);
    read_children(node, kTaskFields, task);
    read_children(node.child("active_task"), kActiveTaskFields, task);
    if (task.name.empty())
      ++unreadable;
    else
      take(std::move(task));
    return {};
  }));
  return unreadable;
}

Result<> read_memory_bounds(GuiRpc& rpc, std::map<std::string, double, std::less<>>& bounds) {
  constexpr std::string_view kName = "workunit";
  return rpc.ask("<get_state/>", std::span(&kName, 1), [&](std::string_view, std::span<char> text) -> Result<> {
    const auto wanted = bounds.find(name_in({text.data(), text.size()}));
    if (wanted == bounds.end()) return {};
    pugi::xml_document document;
    Workunit workunit;
    read_children(parse(document, text), kWorkunitFields, workunit);
    wanted->second = workunit.memory_bound;
    return {};
  });
}

}  // namespace uebo::boinc
