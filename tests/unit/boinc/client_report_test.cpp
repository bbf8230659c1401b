#include "uebo/boinc/client_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "recorded_client.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Result<ClientReport> read(Recorded& recorded, std::size_t limit = 100) {
  const FakeClient client(recorded.answer());
  return ClientReader(limit, client.port()).read(BootClock::now() + 20s);
}

std::vector<std::string> names(const ClientReport& report) {
  std::vector<std::string> result;
  for (const auto& task : report.tasks.kept()) result.push_back(task.name);
  return result;
}

std::size_t count(const ClientReport& report, std::string_view state) {
  const auto found = std::ranges::find(kTaskStates, state);
  return report.tasks.by_state().at(static_cast<std::size_t>(found - kTaskStates.begin()));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

/// A reply as Recorded keeps it: without its end mark.
std::string content(const std::string& text) {
  std::string whole = reply(text);
  whole.pop_back();
  return whole;
}

std::string result_of(std::string_view name, std::string_view content = "") {
  return "<result>\n<name>" + std::string(name) + "</name>\n" + std::string(content) + "</result>\n";
}

TEST(ClientReport, ReadsWhatTheStockClientSays) {
  Recorded recorded;
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->version, "7.20.5");
  EXPECT_EQ(report->suspend_reason, 0);
  EXPECT_EQ(report->host.whetstone, 1e9);
  EXPECT_EQ(report->host.dhrystone, 1e9);
  EXPECT_GT(report->host.benchmarked, 1.7e9);
  EXPECT_GT(report->disk.total, report->disk.free);
  EXPECT_GT(report->disk.free, report->disk.allowed);
  EXPECT_GT(report->disk.client, 0);
  EXPECT_EQ(report->unreadable, 0);
}

TEST(ClientReport, ReadsProjectsWithTheirNamesAsTheyAre) {
  Recorded recorded;
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->projects.size(), 2);
  const Project& first = report->projects[0];
  EXPECT_EQ(first.url, "http://one.test/");
  EXPECT_EQ(first.name, "One & only");
  EXPECT_EQ(first.user_total_credit, 1000);
  EXPECT_EQ(first.user_average_credit, 10.5);
  EXPECT_EQ(first.host_total_credit, 500);
  EXPECT_EQ(first.host_average_credit, 5.25);
  EXPECT_EQ(first.jobs_success, 12);
  EXPECT_EQ(first.jobs_error, 3);
  EXPECT_NEAR(first.elapsed_time, 86400, 60);
  EXPECT_GT(first.disk_usage, 0);
  EXPECT_EQ(report->projects[1].name, "The \"second\" \\ project");
  EXPECT_EQ(first.running_tasks + report->projects[1].running_tasks, 2);
}

TEST(ClientReport, ReadsTasksAndTheirProcesses) {
  Recorded recorded;
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->tasks.kept().size(), 6);
  EXPECT_EQ(report->tasks.left_out(), 0);
  EXPECT_EQ(count(*report, "executing"), 2);
  EXPECT_EQ(count(*report, "files_downloaded"), 4);
  const Task& running = report->tasks.kept().front();
  EXPECT_TRUE(running.runs());
  EXPECT_EQ(running.name, running.workunit + "_0");
  EXPECT_TRUE(running.project_url.starts_with("http://"));
  EXPECT_EQ(running.fraction_done, 0);
  EXPECT_EQ(running.checkpoint_cpu_time, 0);
  EXPECT_EQ(running.cpu_time, 0);
  EXPECT_GT(running.time_remaining, 9000);
  EXPECT_GE(running.report_deadline, 4e9);
  EXPECT_EQ(running.memory_bound, 1e8);
  EXPECT_FALSE(running.ready_to_report);
  const Task& waiting = report->tasks.kept().back();
  EXPECT_FALSE(waiting.runs());
  EXPECT_TRUE(std::isnan(waiting.fraction_done));
  EXPECT_EQ(waiting.memory_bound, 1e8);
}

TEST(ClientReport, RunningTasksComeFirstThenTheEarliestDeadline) {
  Recorded recorded;
  recorded["get_results"] = content(result_of("none") + result_of("late", "<report_deadline>30</report_deadline>") +
                                    result_of("b", "<report_deadline>10</report_deadline>") +
                                    result_of("a", "<report_deadline>10</report_deadline>") +
                                    result_of("runs",
                                              "<report_deadline>90</report_deadline><active_task>"
                                              "<active_task_state>1</active_task_state></active_task>"));
  for (const std::size_t limit : {1, 2, 3, 4, 5, 100}) {
    const auto report = read(recorded, limit);
    ASSERT_TRUE(report) << report.error().message();
    std::vector<std::string> expected{"runs", "a", "b", "late", "none"};
    expected.resize(std::min(limit, expected.size()));
    EXPECT_EQ(names(*report), expected);
    EXPECT_EQ(report->tasks.left_out(), 5 - expected.size());
  }
}

TEST(ClientReport, WithoutTaskSeriesTasksAreCountedAllTheSame) {
  Recorded recorded;
  const auto report = read(recorded, 0);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->tasks.kept().empty());
  EXPECT_EQ(report->tasks.left_out(), 6);
  EXPECT_EQ(count(*report, "executing"), 2);
  EXPECT_EQ(recorded.asked("get_state"), 0) << "nobody wants to know the bounds";
}

TEST(ClientReport, TheBulkyStateIsAskedForOnlyWhenAWorkUnitIsNew) {
  Recorded recorded;
  const FakeClient client(recorded.answer());
  ClientReader reader(100, client.port());
  for (int scrape = 0; scrape < 3; ++scrape) {
    const auto report = reader.read(BootClock::now() + 20s);
    ASSERT_TRUE(report) << report.error().message();
    for (const auto& task : report->tasks.kept()) EXPECT_EQ(task.memory_bound, 1e8);
    EXPECT_EQ(recorded.asked("get_state"), 1);
  }
  recorded["get_results"] = content(result_of("new", "<wu_name>a_work_unit_that_came</wu_name>") +
                                    result_of("newer", "<wu_name>gone</wu_name>"));
  recorded["get_state"] = content(
      "<workunit>\n<name>a_work_unit_that_came</name>\n<rsc_memory_bound>5.000000</rsc_memory_bound>\n</workunit>");
  for (int scrape = 0; scrape < 3; ++scrape) {
    const auto report = reader.read(BootClock::now() + 20s);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->tasks.kept().at(0).memory_bound, 5);
    EXPECT_TRUE(std::isnan(report->tasks.kept().at(1).memory_bound))
        << "the state does not know it, and is not asked again";
    EXPECT_EQ(recorded.asked("get_state"), 2);
  }
}

TEST(ClientReport, EachStateIsCountedByItsName) {
  Recorded recorded;
  std::string results;
  for (int state = 0; state <= 8; ++state)
    results += result_of("r" + std::to_string(state), "<state>" + std::to_string(state) + "</state>");
  for (const int state : {0, 1, 5, 8, 9, 10, 77})
    results += result_of("p" + std::to_string(state), "<state>2</state><active_task><active_task_state>" +
                                                          std::to_string(state) + "</active_task_state></active_task>");
  recorded["get_results"] = content(results);
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  for (const auto state : kTaskStates) EXPECT_EQ(count(*report, state), state == "files_downloaded" ? 2 : 1) << state;
}

TEST(ClientReport, ANameThatIsNoXmlCostsThatElementAlone) {
  Recorded recorded;
  recorded["get_results"] =
      content(result_of("a<b") + result_of("</name>") + result_of("x\"y'&z>\\") + "<result></result>");
  recorded["get_project_status"] =
      replaced(recorded["get_project_status"], "<project_name>One & only", "<project_name>One < only");
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(names(*report), ElementsAre("x\"y'&z>\\"));
  EXPECT_EQ(report->unreadable, 4);
  EXPECT_EQ(report->projects.size(), 1);
}

TEST(ClientReport, ANameHasTheLengthThatTheClientAllowsAtMost) {
  Recorded recorded;
  recorded["get_results"] = content(result_of(std::string(5000, 'n')));
  const auto report = read(recorded);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(names(*report), ElementsAre(std::string(255, 'n')));
}

TEST(ClientReport, WhatIsNoNumberIsNotSaid) {
  for (const auto* const text : {"", "much", "nan", "inf", "1e999", "-", "<b/>"}) {
    Recorded recorded;
    recorded["get_results"] = content(result_of("a", "<final_cpu_time>" + std::string(text) + "</final_cpu_time>"));
    const auto report = read(recorded);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(std::isnan(report->tasks.kept().front().final_cpu_time)) << text;
  }
}

TEST(ClientReport, AFlagIsAnEmptyElementOrANumber) {
  for (const auto& [text, expected] : {std::pair("<ready_to_report/>", true),
                                       {"<ready_to_report>1</ready_to_report>", true},
                                       {"<ready_to_report>0</ready_to_report>", false},
                                       {"", false}}) {
    Recorded recorded;
    recorded["get_results"] = content(result_of("a", text));
    const auto report = read(recorded);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->tasks.kept().front().ready_to_report, expected) << text;
  }
}

TEST(ClientReport, AReplyWithoutWhatWasAskedForIsJunk) {
  for (const auto* const request : {"exchange_versions", "get_cc_status", "get_host_info", "get_disk_usage"}) {
    Recorded recorded;
    recorded[request] = "<boinc_gui_rpc_reply>\n<unauthorized/>\n</boinc_gui_rpc_reply>\n";
    const auto report = read(recorded);
    ASSERT_FALSE(report) << request;
    EXPECT_EQ(report.error().code, EBADMSG) << request;
  }
}

TEST(ClientReport, TooManyProjectsAreJunk) {
  Recorded recorded;
  std::string projects;
  for (std::size_t number = 0; number <= ClientReader::kMostProjects; ++number)
    projects += "<project><master_url>http://" + std::to_string(number) + ".test/</master_url></project>\n";
  recorded["get_project_status"] = content(projects);
  const auto report = read(recorded);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, EMSGSIZE);
}

TEST(ClientReport, CutAnywhereItIsAnErrorAndNothingWorse) {
  Recorded whole;
  for (const auto* const request : {"get_host_info", "get_project_status", "get_results"}) {
    for (std::size_t length = 0; length + 1 < whole[request].size(); length += 37) {
      Recorded recorded;
      recorded[request].resize(length);
      EXPECT_FALSE(read(recorded)) << request << ' ' << length;
    }
  }
}

TEST(ClientReport, WithAnyByteChangedItIsReadOrRefused) {
  std::srand(1);
  for (int round = 0; round < 300; ++round) {
    Recorded recorded;
    for (const auto* const request : {"get_host_info", "get_project_status", "get_results", "get_disk_usage"}) {
      auto& text = recorded[request];
      for (int change = 0; change < 8; ++change)
        text[static_cast<std::size_t>(std::rand()) % text.size()] = static_cast<char>(std::rand());
    }
    const auto report = read(recorded);
    if (report) {
      EXPECT_LE(report->tasks.kept().size(), 6);
    }
  }
}

}  // namespace
}  // namespace uebo::boinc
