#include "uebo/boinc/client_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace uebo::boinc {
namespace {

using metrics::Families;
using metrics::Labels;

/// How a value is declared: as `promtool check metrics` wants it of that name.
using Add = void (Families::*)(std::string_view, std::string_view, double, const Labels&);
constexpr Add kGauge = &Families::gauge;
constexpr Add kCounter = &Families::counter;
constexpr Add kUntyped = &Families::untyped;

struct Metric {
  std::string_view name;
  std::string_view labels;  // as README shows them
  Add add;
  std::string_view help;
};

void add(Families& families, const Metric& metric, double value, const Labels& labels = {}) {
  if (!std::isnan(value)) (families.*metric.add)(metric.name, metric.help, value, labels);
}

double or_zero(double value) { return std::isnan(value) ? 0 : value; }

// --- of the client

constexpr Metric kUp{"boinc_up", "", kGauge, "Whether the client answered in time and whole"};
constexpr Metric kDuration{"boinc_scrape_duration_seconds", "", kGauge, "Time that asking the client took"};
constexpr Metric kError{"boinc_scrape_error", "reason", kGauge, "Why the client counts as down: 1 at the reason"};
constexpr Metric kInfo{"boinc_client_info", "version", kGauge, "Always 1; the client's version is in the label"};
constexpr Metric kWhetstone{"boinc_host_whetstone_flops", "", kGauge,
                            "Floating point operations a second of one processor, by the client's benchmark"};
constexpr Metric kDhrystone{"boinc_host_dhrystone_ops", "", kGauge,
                            "Integer operations a second of one processor, by the client's benchmark"};
constexpr Metric kSuspended{"boinc_suspended", "reason", kGauge, "Whether computing is suspended for that reason"};
constexpr Metric kDisk{"boinc_disk_bytes", "kind", kGauge,
                       "The client's disk: total, free, allowed to BOINC, used by the client and by its projects"};
constexpr Metric kTasks{"boinc_tasks_total", "state", kUntyped, "Tasks in that state"};
constexpr Metric kLeftOut{"boinc_tasks_without_series", "", kGauge, "Tasks that have no series of their own"};
constexpr Metric kUnreadable{"boinc_unreadable_elements", "", kGauge,
                             "Tasks and projects that the client described in a way that can't be read"};

constexpr Metric kCpuLimit{"boinc_cpu_limit_ratio", "", kGauge,
                           "How much of all processors the tasks may have: less than 1 while a chip is hot"};
constexpr Metric kThrottled{"boinc_cpu_throttled_seconds_total", "", kCounter, "How long tasks were held back by that"};
constexpr Metric kStalled{"boinc_memory_stall_seconds_total", "", kCounter,
                          "How long all of the client's processes waited for memory at the same time"};

constexpr std::array kOfTheClient{kUp,   kDuration, kError,   kInfo,       kWhetstone, kDhrystone, kSuspended,
                                  kDisk, kTasks,    kLeftOut, kUnreadable, kCpuLimit,  kThrottled, kStalled};

// --- of a project

template <class Subject, class Form>
struct Row {
  Metric metric;
  Form form;
  double (*value)(const Subject&);
};

enum class ProjectLabels { name, name_and_url };

constexpr std::array<Row<Project, ProjectLabels>, 15> kOfAProject{{
    {{"boinc_client_user_total_credit", "project", kGauge, "The user's credit"},
     ProjectLabels::name,
     [](const Project& project) { return project.user_total_credit; }},
    {{"boinc_client_user_avg_credit", "project", kGauge, "The user's credit a day, lately"},
     ProjectLabels::name,
     [](const Project& project) { return project.user_average_credit; }},
    {{"boinc_client_host_total_credit", "project", kGauge, "This host's credit"},
     ProjectLabels::name,
     [](const Project& project) { return project.host_total_credit; }},
    {{"boinc_client_host_avg_credit", "project", kGauge, "This host's credit a day, lately"},
     ProjectLabels::name,
     [](const Project& project) { return project.host_average_credit; }},
    {{"boinc_client_jobs_success", "project", kGauge, "Tasks of this host that succeeded"},
     ProjectLabels::name,
     [](const Project& project) { return project.jobs_success; }},
    {{"boinc_client_jobs_error", "project", kGauge, "Tasks of this host that failed"},
     ProjectLabels::name,
     [](const Project& project) { return project.jobs_error; }},
    {{"boinc_client_project_elapsed_time", "project", kGauge, "Seconds that the project's tasks have run"},
     ProjectLabels::name,
     [](const Project& project) { return project.elapsed_time; }},
    {{"boinc_client_project_active_jobs", "project", kGauge, "Tasks of the project that run"},
     ProjectLabels::name,
     [](const Project& project) { return project.running_tasks; }},
    {{"boinc_project_total_credit", "project, url", kGauge, "The user's credit"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.user_total_credit; }},
    {{"boinc_project_avg_credit", "project, url", kGauge, "The user's credit a day, lately"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.user_average_credit; }},
    {{"boinc_host_total_credit", "project, url", kGauge, "This host's credit"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.host_total_credit; }},
    {{"boinc_host_avg_credit", "project, url", kGauge, "This host's credit a day, lately"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.host_average_credit; }},
    {{"boinc_project_jobs_success_total", "project, url", kCounter, "Tasks of this host that succeeded"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.jobs_success; }},
    {{"boinc_project_jobs_error_total", "project, url", kCounter, "Tasks of this host that failed"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.jobs_error; }},
    {{"boinc_project_disk_bytes", "project, url", kGauge, "What the project's files take"},
     ProjectLabels::name_and_url,
     [](const Project& project) { return project.disk_usage; }},
}};

// --- of a task

enum class TaskLabels { project_state_workunit, workunit_state, workunit_ready, name_and_url };

constexpr std::array<Row<Task, TaskLabels>, 8> kOfATask{{
    {{"boinc_client_task_time_remaining", "project, state, wuname", kGauge,
      "Seconds that it still takes, as the client guesses"},
     TaskLabels::project_state_workunit,
     [](const Task& task) { return task.time_remaining; }},
    {{"boinc_client_task_done_percent", "project, state, wuname", kGauge, "How much of it is done, 0 to 100"},
     TaskLabels::project_state_workunit,
     [](const Task& task) { return 100 * or_zero(task.fraction_done); }},
    {{"boinc_client_task_final_cpu_time", "wuname, ready_to_upload", kGauge,
      "Seconds of CPU that it took; 0 until it ends"},
     TaskLabels::workunit_ready,
     [](const Task& task) { return task.final_cpu_time; }},
    {{"boinc_client_task_working_set_size", "wuname, state", kGauge, "Bytes of memory that it uses"},
     TaskLabels::workunit_state,
     [](const Task& task) { return or_zero(task.working_set_size); }},
    {{"boinc_client_task_rsc_memory_bound", "wuname, state", kGauge,
      "Bytes of memory that it may use, as its project says"},
     TaskLabels::workunit_state,
     [](const Task& task) { return task.memory_bound; }},
    {{"boinc_task_fraction_done", "name, project_url", kGauge, "How much of a task that was started is done, 0 to 1"},
     TaskLabels::name_and_url,
     [](const Task& task) { return task.fraction_done; }},
    {{"boinc_task_report_deadline_timestamp_seconds", "name, project_url", kGauge, "When it has to be reported"},
     TaskLabels::name_and_url,
     [](const Task& task) { return task.report_deadline; }},
    {{"boinc_task_checkpoint_age_seconds", "name, project_url", kGauge,
      "CPU time since its last checkpoint: what it loses if it has to stop now"},
     TaskLabels::name_and_url,
     [](const Task& task) { return std::max(task.cpu_time - task.checkpoint_cpu_time, 0.0); }},
}};

// --- labels: no two samples of a family may have the same

/// What the samples that know a project by its name call it, by its URL: its own name, or the URL where it has none or
/// another one has the same. Not there: both are taken.
std::map<std::string_view, std::string> project_names(const ClientReport& report) {
  std::map<std::string_view, std::string> names;
  std::set<std::string> taken;
  for (const auto& project : report.projects)
    for (const auto& candidate : {metrics::printable(project.name), metrics::printable(project.url)})
      if (!candidate.empty() && !names.contains(project.url) && taken.insert(candidate).second)
        names.emplace(project.url, candidate);
  return names;
}

struct TaskNames {
  std::string name;
  std::string workunit;
  std::string url;
  std::string project;
  std::string state;
};

TaskNames names_of(const Task& task, const std::map<std::string_view, std::string>& projects) {
  const auto project = projects.find(task.project_url);
  TaskNames names{.name = metrics::printable(task.name),
                  .workunit = metrics::printable(task.workunit),
                  .url = metrics::printable(task.project_url),
                  .project = {},
                  .state = fmt::format("{:.0f}", or_zero(task.process_state))};
  names.project = project == projects.end() ? names.url : project->second;
  return names;
}

Labels labels_of(const Task& task, TaskLabels form, const TaskNames& names) {
  switch (form) {
    case TaskLabels::project_state_workunit:
      return {{"project", names.project}, {"state", names.state}, {"wuname", names.workunit}};
    case TaskLabels::workunit_state:
      return {{"wuname", names.workunit}, {"state", names.state}};
    case TaskLabels::workunit_ready:
      return {{"wuname", names.workunit}, {"ready_to_upload", task.ready_to_report ? "yes" : "no"}};
    case TaskLabels::name_and_url:
      break;
  }
  return {{"name", names.name}, {"project_url", names.url}};
}

// --- what is said of what

void add_projects(const ClientReport& report, Families& families) {
  const auto names = project_names(report);
  std::set<std::string> urls;
  for (const auto& project : report.projects) {
    const auto name = names.find(project.url);
    const bool first = urls.insert(metrics::printable(project.url)).second;
    if (!first || name == names.end()) continue;
    for (const auto& row : kOfAProject) {
      Labels labels{{"project", name->second}};
      if (row.form == ProjectLabels::name_and_url) labels.emplace_back("url", project.url);
      add(families, row.metric, row.value(project), labels);
    }
  }
}

/// The families that others have named know a task by its work unit, some with its project. Of two tasks of one they
/// show the first.
void add_tasks(const ClientReport& report, Families& families) {
  const auto projects = project_names(report);
  std::set<std::string> workunits;
  std::set<std::pair<std::string, std::string>> workunits_of_projects;
  std::set<std::pair<std::string, std::string>> tasks;
  for (const auto& task : report.tasks.kept()) {
    const TaskNames names = names_of(task, projects);
    const bool first_of_workunit = workunits.insert(names.workunit).second;
    const bool first_of_project = workunits_of_projects.emplace(names.project, names.workunit).second;
    const bool first = tasks.emplace(names.name, names.url).second;
    const auto is_new = [&](TaskLabels form) {
      if (form == TaskLabels::name_and_url) return first;
      return form == TaskLabels::project_state_workunit ? first_of_project : first_of_workunit;
    };
    for (const auto& row : kOfATask)
      if (is_new(row.form)) add(families, row.metric, row.value(task), labels_of(task, row.form, names));
  }
  const auto& counts = report.tasks.by_state();
  for (std::size_t index = 0; index < counts.size(); ++index)
    add(families, kTasks, static_cast<double>(counts.at(index)), {{"state", std::string(kTaskStates.at(index))}});
  add(families, kLeftOut, static_cast<double>(report.tasks.left_out()));
}

void add_suspension(const ClientReport& report, Families& families) {
  const auto holding = suspend_reasons(report);
  if (!holding) return;
  for (const auto& reason : kSuspendReasons)
    add(families, kSuspended, std::ranges::find(*holding, reason.name) != holding->end() ? 1 : 0,
        {{"reason", std::string(reason.name)}});
}

void add_disk(const ClientReport& report, Families& families) {
  double projects = 0;
  for (const auto& project : report.projects) projects += or_zero(project.disk_usage);
  const DiskUsage& disk = report.disk;
  for (const auto& [kind, bytes] : {std::pair("total", disk.total),
                                    {"free", disk.free},
                                    {"allowed", disk.allowed},
                                    {"client", disk.client},
                                    {"projects", projects}})
    add(families, kDisk, bytes, {{"kind", kind}});
}

struct Reason {
  int code;
  std::string_view name;
};

/// Of GuiRpc's errors. Whatever is none of them is `other`.
constexpr std::array<Reason, 5> kReasons{{{ECONNREFUSED, "refused"},
                                          {ETIMEDOUT, "timeout"},
                                          {ECONNRESET, "closed"},
                                          {EBADMSG, "junk"},
                                          {EMSGSIZE, "too_long"}}};

}  // namespace

void add_report(const ClientReport& report, Families& families) {
  add(families, kInfo, 1, {{"version", report.version}});
  if (report.host.benchmarked > 0) {
    add(families, kWhetstone, report.host.whetstone);
    add(families, kDhrystone, report.host.dhrystone);
  }
  add_suspension(report, families);
  add_disk(report, families);
  add_projects(report, families);
  add_tasks(report, families);
  add(families, kUnreadable, static_cast<double>(report.unreadable));
}

void add_scrape(const Result<ClientReport>& report, std::chrono::duration<double> duration, Families& families) {
  add(families, kUp, report ? 1 : 0);
  add(families, kDuration, duration.count());
  const auto found = report ? kReasons.end() : std::ranges::find(kReasons, report.error().code, &Reason::code);
  for (auto reason = kReasons.begin(); reason != kReasons.end(); ++reason)
    add(families, kError, reason == found ? 1 : 0, {{"reason", std::string(reason->name)}});
  add(families, kError, !report && found == kReasons.end() ? 1 : 0, {{"reason", "other"}});
}

void add_account(const GroupAccount& account, Families& families) {
  add(families, kCpuLimit, account.cpu_limit);
  add(families, kThrottled, account.throttled);
  add(families, kStalled, account.memory_stalled);
}

std::string metrics_table() {
  std::string table = "| metric | labels | meaning |\n|---|---|---|\n";
  const auto line = [&](const Metric& metric) {
    table += fmt::format("| `{}` | {} | {}. |\n", metric.name, metric.labels, metric.help);
  };
  for (const auto& metric : kOfTheClient) line(metric);
  for (const auto& row : kOfAProject) line(row.metric);
  for (const auto& row : kOfATask) line(row.metric);
  return table;
}

}  // namespace uebo::boinc
