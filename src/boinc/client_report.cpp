#include "uebo/boinc/client_report.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "record.hpp"

namespace uebo::boinc {
namespace {

// --- elements to records

constexpr std::array<Field<Project>, 9> kProjectFields{{
    {"master_url", &Project::url},
    {"project_name", &Project::name},
    {"user_total_credit", &Project::user_total_credit},
    {"user_expavg_credit", &Project::user_average_credit},
    {"host_total_credit", &Project::host_total_credit},
    {"host_expavg_credit", &Project::host_average_credit},
    {"njobs_success", &Project::jobs_success},
    {"njobs_error", &Project::jobs_error},
    {"elapsed_time", &Project::elapsed_time},
}};

constexpr std::array<Field<Host>, 3> kHostFields{{
    {"p_fpops", &Host::whetstone},
    {"p_iops", &Host::dhrystone},
    {"p_calculated", &Host::benchmarked},
}};

constexpr std::array<Field<DiskUsage>, 4> kDiskFields{{
    {"d_total", &DiskUsage::total},
    {"d_free", &DiskUsage::free},
    {"d_allowed", &DiskUsage::allowed},
    {"d_boinc", &DiskUsage::client},
}};

constexpr std::array<Field<ClientReport>, 1> kStatusFields{{{"task_suspend_reason", &ClientReport::suspend_reason}}};

struct DirectoryUsage {
  std::string url;
  double bytes = kUnsaid;
};
constexpr std::array<Field<DirectoryUsage>, 2> kDirectoryFields{{
    {"master_url", &DirectoryUsage::url},
    {"disk_usage", &DirectoryUsage::bytes},
}};

struct Version {
  std::string major;
  std::string minor;
  std::string release;
};
constexpr std::array<Field<Version>, 3> kVersionFields{{
    {"major", &Version::major},
    {"minor", &Version::minor},
    {"release", &Version::release},
}};

// --- requests

Result<> no_such_element(std::string_view name) {
  return fail(EBADMSG, "read", "the BOINC client's reply", "there is no <" + std::string(name) + ">");
}

/// For a reply whose one element has to be there. The element is read by `read`, unless it is no XML.
template <class Read>
Result<> ask_for_one(GuiRpc& rpc, std::string_view request, std::string_view name, const Read& read) {
  bool found = false;
  UEBO_TRY(rpc.ask(request, std::span(&name, 1), [&](std::string_view, std::span<char> text) -> Result<> {
    pugi::xml_document document;
    if (const auto node = parse(document, text)) {
      found = true;
      read(node);
    }
    return {};
  }));
  return found ? Result<>() : no_such_element(name);
}

Result<> ask_for_version(GuiRpc& rpc, ClientReport& report) {
  // The client does not look at ours.
  constexpr std::string_view kRequest =
      "<exchange_versions>\n<major>8</major>\n<minor>0</minor>\n<release>0</release>\n</exchange_versions>";
  return ask_for_one(rpc, kRequest, "server_version", [&](pugi::xml_node node) {
    Version version;
    read_children(node, kVersionFields, version);
    report.version = version.major + '.' + version.minor + '.' + version.release;
  });
}

Result<> ask_for_projects(GuiRpc& rpc, ClientReport& report) {
  constexpr std::string_view kName = "project";
  return rpc.ask("<get_project_status/>", std::span(&kName, 1),
                 [&](std::string_view, std::span<char> text) -> Result<> {
                   if (report.projects.size() == ClientReader::kMostProjects)
                     return fail(EMSGSIZE, "read", "the BOINC client's reply", "there are too many projects");
                   pugi::xml_document document;
                   Project project;
                   read_children(parse(document, text), kProjectFields, project);
                   if (project.url.empty())
                     ++report.unreadable;
                   else
                     report.projects.push_back(std::move(project));
                   return {};
                 });
}

Project* find_project(ClientReport& report, std::string_view url) {
  const auto found = std::ranges::find(report.projects, url, &Project::url);
  return found == report.projects.end() ? nullptr : &*found;
}

Result<> ask_for_disk_usage(GuiRpc& rpc, ClientReport& report) {
  return ask_for_one(rpc, "<get_disk_usage/>", "disk_usage_summary", [&](pugi::xml_node node) {
    read_children(node, kDiskFields, report.disk);
    for (const auto child : node.children("project")) {
      DirectoryUsage usage;
      read_children(child, kDirectoryFields, usage);
      if (auto* const project = find_project(report, usage.url)) project->disk_usage = usage.bytes;
    }
  });
}

Result<> ask_for_tasks(GuiRpc& rpc, ClientReport& report) {
  report.unreadable += UEBO_TRY(read_tasks(rpc, Which::All, [&](Task task) {
    if (auto* const project = task.runs() ? find_project(report, task.project_url) : nullptr) ++project->running_tasks;
    report.tasks.add(std::move(task));
  }));
  report.tasks.settle();
  return {};
}

// --- states

struct ProcessState {
  double number;
  std::size_t index;  // in kTaskStates
};
constexpr std::array<ProcessState, 6> kProcessStates{{{0, 0}, {1, 1}, {5, 2}, {8, 3}, {9, 4}, {10, 5}}};
constexpr std::size_t kResultStates = 8;

std::size_t state_index(const Task& task) {
  const auto process = std::ranges::find(kProcessStates, task.process_state, &ProcessState::number);
  if (process != kProcessStates.end()) return process->index;
  if (task.state >= 0 && task.state < kResultStates)
    return kProcessStates.size() + static_cast<std::size_t>(task.state);
  return kTaskStates.size() - 1;
}

bool comes_first(const Task& left, const Task& right) {
  const auto rank = [](const Task& task) {
    const bool has_deadline = !std::isnan(task.report_deadline);
    return std::tuple(!task.runs(), !has_deadline, has_deadline ? task.report_deadline : 0,
                      std::string_view(task.name));
  };
  return rank(left) < rank(right);
}

}  // namespace

std::string_view state_of(const Task& task) { return kTaskStates.at(state_index(task)); }

std::optional<std::vector<std::string_view>> suspend_reasons(const ClientReport& report) {
  const double said = report.suspend_reason;
  if (!(said >= 0 && said <= std::numeric_limits<unsigned>::max())) return std::nullopt;
  std::vector<std::string_view> names;
  const auto mask = static_cast<unsigned>(said);
  for (const auto& reason : kSuspendReasons)
    if ((mask & reason.bit) != 0) names.push_back(reason.name);
  return names;
}

/// A heap, whose first one is the last in order: most tasks of a long list cost one comparison.
void Tasks::add(Task task) {
  ++total_;
  ++by_state_.at(state_index(task));
  if (kept_.size() < limit_) {
    kept_.push_back(std::move(task));
  } else if (limit_ > 0 && comes_first(task, kept_.front())) {
    std::ranges::pop_heap(kept_, comes_first);
    kept_.back() = std::move(task);
  } else {
    return;
  }
  std::ranges::push_heap(kept_, comes_first);
}

void Tasks::settle() { std::ranges::sort_heap(kept_, comes_first); }

Result<> ClientReader::add_memory_bounds(GuiRpc& rpc, ClientReport& report) {
  std::map<std::string, double, std::less<>> bounds;
  bool all_known = true;
  for (const auto& task : report.tasks.kept()) {
    const auto known = memory_bounds_.find(task.workunit);
    all_known = all_known && known != memory_bounds_.end();
    bounds.emplace(task.workunit, known == memory_bounds_.end() ? kUnsaid : known->second);
  }
  if (!all_known) UEBO_TRY(read_memory_bounds(rpc, bounds));
  memory_bounds_ = std::move(bounds);
  for (auto& task : report.tasks.kept()) task.memory_bound = memory_bounds_.find(task.workunit)->second;
  return {};
}

Result<ClientReport> ClientReader::read(TimePoint deadline) {
  auto rpc = UEBO_TRY(GuiRpc::connect(deadline, port_));
  ClientReport report;
  report.tasks = Tasks(task_limit_);
  UEBO_TRY(ask_for_version(rpc, report));
  UEBO_TRY(ask_for_one(rpc, "<get_cc_status/>", "cc_status",
                       [&](pugi::xml_node node) { read_children(node, kStatusFields, report); }));
  UEBO_TRY(ask_for_one(rpc, "<get_host_info/>", "host_info",
                       [&](pugi::xml_node node) { read_children(node, kHostFields, report.host); }));
  UEBO_TRY(ask_for_projects(rpc, report));
  UEBO_TRY(ask_for_disk_usage(rpc, report));
  UEBO_TRY(ask_for_tasks(rpc, report));
  UEBO_TRY(add_memory_bounds(rpc, report));
  return report;
}

}  // namespace uebo::boinc
