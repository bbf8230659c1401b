#include "uebo/boinc/client_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "recorded_client.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const metrics::Families& families) {
  std::istringstream text(families.text());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    if (!line.starts_with('#')) lines.push_back(line);
  return lines;
}

std::string text_of(const ClientReport& report) {
  metrics::Families families;
  add_report(report, families);
  return families.text();
}

ClientReport recorded_report() {
  Recorded recorded;
  const FakeClient client(recorded.answer());
  return ClientReader(100, client.port()).read(BootClock::now() + 20s).value();
}

ClientReport report_of(std::vector<Task> tasks, std::vector<Project> projects = {}) {
  ClientReport report;
  report.tasks = Tasks(100);
  for (auto& task : tasks) report.tasks.add(std::move(task));
  report.tasks.settle();
  report.projects = std::move(projects);
  return report;
}

Task task_of(std::string name, std::string workunit, std::string url = "http://one.test/") {
  Task task;
  task.name = std::move(name);
  task.workunit = std::move(workunit);
  task.project_url = std::move(url);
  return task;
}

Project project_of(std::string url, std::string name) {
  Project project;
  project.url = std::move(url);
  project.name = std::move(name);
  return project;
}

TEST(ClientMetrics, HaveTheNamesAndLabelsThatDashboardsAskFor) {
  const std::string text = text_of(recorded_report());
  for (const std::string series : {
           // CallMeFoxie's
           "boinc_client_user_total_credit{project=\"One & only\"} 1000\n",
           "boinc_client_host_total_credit{project=\"One & only\"} 500\n",
           "boinc_client_jobs_success{project=\"One & only\"} 12\n",
           "boinc_client_jobs_error{project=\"One & only\"} 3\n",
           "boinc_client_host_avg_credit{project=\"One & only\"} 5.25\n",
           "boinc_client_user_avg_credit{project=\"One & only\"} 10.5\n",
           "boinc_client_project_elapsed_time{project=\"One & only\"} 864",
           "boinc_client_project_active_jobs{project=\"The \\\"second\\\" \\\\ project\"} ",
           "boinc_client_task_time_remaining{project=\"One & only\",state=\"0\",wuname=\"a_work_unit",
           "boinc_client_task_done_percent{project=\"One & only\",state=\"0\",wuname=\"a_work_unit",
           "boinc_client_task_final_cpu_time{wuname=\"a_work_unit_with_a_long_name_000000\",ready_to_upload=\"no\"} "
           "0\n",
           "boinc_client_task_working_set_size{wuname=\"a_work_unit_with_a_long_name_000000\",state=\"",
           "boinc_client_task_rsc_memory_bound{wuname=\"a_work_unit_with_a_long_name_000000\",state=\"",
           // surface0's
           "boinc_tasks_total{state=\"executing\"} 2\n",
           "boinc_tasks_total{state=\"files_downloaded\"} 4\n",
           "boinc_tasks_total{state=\"aborted\"} 0\n",
           "boinc_task_fraction_done{name=\"a_work_unit_with_a_long_name_00000",
           "boinc_project_total_credit{project=\"One & only\",url=\"http://one.test/\"} 1000\n",
           "boinc_project_avg_credit{project=\"One & only\",url=\"http://one.test/\"} 10.5\n",
           "boinc_project_jobs_success_total{project=\"One & only\",url=\"http://one.test/\"} 12\n",
           "boinc_project_jobs_error_total{project=\"One & only\",url=\"http://one.test/\"} 3\n",
           "boinc_host_total_credit{project=\"One & only\",url=\"http://one.test/\"} 500\n",
           "boinc_host_avg_credit{project=\"One & only\",url=\"http://one.test/\"} 5.25\n",
           // our own
           "boinc_client_info{version=\"7.20.5\"} 1\n",
           "boinc_host_whetstone_flops 1000000000\n",
           "boinc_host_dhrystone_ops 1000000000\n",
           "boinc_suspended{reason=\"user_request\"} 0\n",
           "boinc_task_report_deadline_timestamp_seconds{name=\"a_work_unit_with_a_long_name_000000_0\",project_url="
           "\"http://"
           "one.test/\"} 4000000000\n",
           "boinc_task_checkpoint_age_seconds{name=\"a_work_unit_with_a_long_name_00000",
           "boinc_disk_bytes{kind=\"total\"} ",
           "boinc_project_disk_bytes{project=\"One & only\",url=\"http://one.test/\"} ",
           "boinc_tasks_without_series 0\n",
           "boinc_unreadable_elements 0\n",
       })
    EXPECT_THAT(text, HasSubstr(series));
}

TEST(ClientMetrics, NoTwoSamplesHaveTheSameLabels) {
  auto report = report_of(
      {task_of("a_0", "a"), task_of("a_1", "a"), task_of("a_0", "b"), task_of("a_0", "a", "http://two.test/"),
       task_of("x\1", "x\1"), task_of("x\2", "x\2"), task_of("", "")},
      {project_of("http://one.test/", "Same"), project_of("http://two.test/", "Same"),
       project_of("http://one.test/", "Again"), project_of("http://three.test/", ""),
       project_of("http://four.test/", "http://three.test/"), project_of("u\1", "n"), project_of("u\2", "m")});
  for (auto& project : report.projects) project.jobs_success = 1;
  metrics::Families families;
  add_report(report, families);
  std::set<std::string> seen;
  for (const auto& line : lines_of(families)) EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  const std::string text = families.text();
  EXPECT_THAT(text, HasSubstr("boinc_client_jobs_success{project=\"Same\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("boinc_client_jobs_success{project=\"http://two.test/\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("boinc_project_jobs_success_total{project=\"http://two.test/\",url=\"http://two.test/\"} 1\n"));
}

TEST(ClientMetrics, AWorkUnitOfTheSameNameInTwoProjectsIsTwo) {
  auto one = task_of("a_0", "a");
  auto two = task_of("a_0", "a", "http://two.test/");
  one.time_remaining = 5;
  two.time_remaining = 6;
  const std::string text = text_of(report_of({one, two}));
  EXPECT_THAT(text, HasSubstr("time_remaining{project=\"http://one.test/\",state=\"0\",wuname=\"a\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("time_remaining{project=\"http://two.test/\",state=\"0\",wuname=\"a\"} 6\n"));
}

TEST(ClientMetrics, ATaskOfAnUnknownProjectHasItsUrlForAName) {
  auto task = task_of("a_0", "a", "http://gone.test/");
  task.time_remaining = 5;
  EXPECT_THAT(
      text_of(report_of({task})),
      HasSubstr("boinc_client_task_time_remaining{project=\"http://gone.test/\",state=\"0\",wuname=\"a\"} 5\n"));
}

TEST(ClientMetrics, WhatIsUnsaidHasNoSample) {
  const std::string text = text_of(report_of({task_of("a_0", "a")}, {project_of("http://one.test/", "One")}));
  for (const auto* const name :
       {"boinc_task_fraction_done", "boinc_task_checkpoint_age_seconds", "boinc_project_total_credit",
        "boinc_host_whetstone_flops", "boinc_suspended", "nan", "NaN"})
    EXPECT_THAT(text, Not(HasSubstr(name)));
}

TEST(ClientMetrics, ABenchmarkThatNeverRanHasNoFigures) {
  ClientReport report;
  report.host = {.whetstone = 1e9, .dhrystone = 1e9, .benchmarked = 0};
  EXPECT_THAT(text_of(report), Not(HasSubstr("boinc_host_whetstone_flops")));
  report.host.benchmarked = 1;
  EXPECT_THAT(text_of(report), HasSubstr("boinc_host_whetstone_flops 1000000000\n"));
}

TEST(ClientMetrics, ACheckpointIsAsOldAsTheCpuTimeSince) {
  auto task = task_of("a_0", "a");
  task.cpu_time = 100;
  task.checkpoint_cpu_time = 30;
  EXPECT_THAT(text_of(report_of({task})),
              HasSubstr("boinc_task_checkpoint_age_seconds{name=\"a_0\",project_url=\"http://one.test/\"} 70\n"));
  task.cpu_time = 10;  // the process was started anew
  EXPECT_THAT(text_of(report_of({task})), HasSubstr("} 0\n"));
}

TEST(ClientMetrics, EachReasonOfASuspensionIsShown) {
  ClientReport report;
  report.suspend_reason = 4 + 1024;
  const std::string text = text_of(report);
  EXPECT_THAT(text, HasSubstr("boinc_suspended{reason=\"user_request\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("boinc_suspended{reason=\"cpu_usage\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("boinc_suspended{reason=\"batteries\"} 0\n"));
  for (const double odd : {-1.0, 1e300}) {
    report.suspend_reason = odd;
    EXPECT_THAT(text_of(report), Not(HasSubstr("boinc_suspended")));
  }
}

TEST(ClientMetrics, TheSeriesOfTasksAreBounded) {
  std::size_t counts[2] = {};
  for (const std::size_t number : {1000, 5000}) {
    ClientReport report;
    report.tasks = Tasks(50);
    for (std::size_t index = 0; index < number; ++index)
      report.tasks.add(task_of("t" + std::to_string(index), "w" + std::to_string(index)));
    report.tasks.settle();
    metrics::Families families;
    add_report(report, families);
    counts[number == 5000] = lines_of(families).size();
    EXPECT_THAT(families.text(), HasSubstr("boinc_tasks_without_series " + std::to_string(number - 50) + "\n"));
  }
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_LT(counts[0], 50 * 8 + 50);
}

TEST(ClientMetrics, TheScrapeTellsWhyTheClientIsDown) {
  for (const auto& [code, reason] : {std::pair(ECONNREFUSED, "refused"),
                                     {ETIMEDOUT, "timeout"},
                                     {ECONNRESET, "closed"},
                                     {EBADMSG, "junk"},
                                     {EMSGSIZE, "too_long"},
                                     {EACCES, "other"}}) {
    metrics::Families families;
    add_scrape(fail(code, "ask", "the client"), 1500ms, families);
    const std::string text = families.text();
    EXPECT_THAT(text, HasSubstr("boinc_up 0\n"));
    EXPECT_THAT(text, HasSubstr("boinc_scrape_duration_seconds 1.5\n"));
    for (const auto* const each : {"refused", "timeout", "closed", "junk", "too_long", "other"})
      EXPECT_THAT(text, HasSubstr("boinc_scrape_error{reason=\"" + std::string(each) +
                                  (each == std::string(reason) ? "\"} 1\n" : "\"} 0\n")));
  }
  metrics::Families families;
  add_scrape(ClientReport(), 1s, families);
  EXPECT_THAT(families.text(), HasSubstr("boinc_up 1\n"));
  EXPECT_THAT(families.text(), Not(HasSubstr("\"} 1\n")));
}

TEST(ClientMetrics, EachOneIsInTheTableAndInReadme) {
  const std::string table = metrics_table();
  metrics::Families families;
  const auto report = recorded_report();
  add_scrape(report, 1s, families);
  add_report(report, families);
  for (const auto& line : lines_of(families))
    EXPECT_THAT(table, HasSubstr("| `" + line.substr(0, line.find_first_of("{ ")) + "` |"));
  EXPECT_NE(read_file(UEBO_SOURCE_DIR "/README.md").value().find(table), std::string::npos)
      << "run buildsteps/readme-tables";
}

}  // namespace
}  // namespace uebo::boinc
