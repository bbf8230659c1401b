// The document and the page that shows it.
#include "uebo/web/page.hpp"

#include <gmock/gmock.h>

#include <regex>

#include "uebo/web/status_document.hpp"

namespace uebo::web {
namespace {

using control::Json;
using testing::HasSubstr;
using testing::Not;

class Page : public testing::Test {
 protected:
  Page() {
    facts.node = {.version = "1.2",
                  .architecture = "aarch64",
                  .kernel = "6.12",
                  .suite = "trixie",
                  .image_built = std::nullopt,
                  .host_name = "node-7",
                  .id = "x",
                  .mac = "",
                  .storage = NodeFacts::Storage{.source = "/dev/sda1", .type = "ext4", .read_only = false}};
    facts.uptime = 3725;
    facts.now = 1.8e9;
    facts.memory = kernel::Memory{.total = std::uint64_t{512} << 20, .available = std::uint64_t{400} << 20};
    facts.zones = {{.type = "cpu-thermal", .temperature = 61.4, .limit = 90}};
    facts.log = {"a <b>line</b>"};
    facts.log_of = "boinc";
    client.version = "8.0.4";
    client.suspend_reason = 0;
    client.projects.push_back({.url = "https://a.b/", .name = "A & B", .host_total_credit = 123.6});
    boinc::Task task;
    task.name = "task_1";
    task.project_url = "https://a.b/";
    task.state = 2;
    task.process_state = 1;
    task.fraction_done = 0.425;
    task.report_deadline = 1.7e9;
    task.cpu_time = 100;
    task.checkpoint_cpu_time = 40;
    add(task);
  }
  void add(boinc::Task task) { client.tasks.add(std::move(task)); }
  Json document() const { return status_document(facts, status, client); }
  std::string html() const { return page(document()); }

  PageFacts facts;
  std::optional<Json> status = Json{{"ok", true},
                                    {"units",
                                     {{{"name", "boinc"},
                                       {"description", "BOINC client"},
                                       {"type", "daemon"},
                                       {"state", "running"},
                                       {"up", true},
                                       {"restarts", 2},
                                       {"memory", 1048576},
                                       {"running_for", 61},
                                       {"cpu", 5}}}}};
  boinc::ClientReport client = [] {
    boinc::ClientReport report;
    report.tasks = boinc::Tasks(10);
    return report;
  }();
};

TEST_F(Page, TheDocumentTellsWhatIsKnown) {
  const Json told = document();
  EXPECT_EQ(told["state"], "working");
  EXPECT_EQ(told["node"]["hostname"], "node-7");
  EXPECT_EQ(told["boinc"]["tasks"][0]["project"], "A & B");
  EXPECT_EQ(told["boinc"]["tasks"][0]["unsaved"], 60);
  EXPECT_FALSE(told["boinc"]["tasks"][0].contains("remaining")) << "nobody has said it";
  EXPECT_EQ(told["boinc"]["projects"][0]["host_total_credit"], 123.6);
  EXPECT_EQ(told["services"][0]["restarts"], 2);
  EXPECT_FALSE(told["services"][0].contains("cpu"));
  EXPECT_EQ(told["temperatures"][0]["limit"], 90);
  EXPECT_EQ(told["storage"]["type"], "ext4");
}

TEST_F(Page, TheStateOfTheNodeIsOneWord) {
  client.tasks = boinc::Tasks(10);
  EXPECT_EQ(document()["state"], "idle");
  client.suspend_reason = 4;
  EXPECT_EQ(document()["state"], "suspended");
  (*status)["units"].push_back({{"name", "drain"}, {"state", "done"}, {"type", "job"}});
  EXPECT_EQ(document()["state"], "drained");
  const Json down = status_document(facts, std::nullopt, fail(ECONNREFUSED, "connect to", "the BOINC client"));
  EXPECT_EQ(down["state"], "down");
  EXPECT_THAT(down["boinc"]["trouble"].get<std::string>(), HasSubstr("BOINC client"));
  EXPECT_THAT(page(down), HasSubstr("PID 1 does not answer"));
}

TEST_F(Page, ShowsTasksWithBarsAndDeadlines) {
  EXPECT_THAT(html(), HasSubstr("<progress max=\"100\" value=\"42.5\" aria-label=\"task_1\">42.5 %</progress> 42.5 %"));
  EXPECT_THAT(html(),
              HasSubstr("<time datetime=\"2023-11-14T22:13:20Z\">2023-11-14 22:13 UTC</time> <strong>late</strong>"));
  EXPECT_THAT(html(), HasSubstr("61 °C (limit 90 °C)"));
}

TEST_F(Page, WhateverSomebodyCallsHimselfIsText) {
  client.projects[0].name = "<script>alert(1)</script>";
  (*status)["units"][0]["detail"] = "\"><img src=x onerror=alert(1)>";
  facts.node.host_name = "<i>";
  const std::string text = html();
  EXPECT_THAT(text, HasSubstr("a &lt;b&gt;line&lt;/b&gt;"));
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(text, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(text, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(text, Not(HasSubstr("<i>")));
}

TEST_F(Page, RefersToNothingElsewhere) {
  const std::string all = html() + std::string(page_style()) + std::string(page_script());
  EXPECT_THAT(all, Not(testing::ContainsRegex("https?://")));
  EXPECT_THAT(all, Not(HasSubstr("url(")));
}

TEST_F(Page, OffersChangesOnlyWhereThereIsAToken) {
  EXPECT_THAT(html(), Not(HasSubstr("data-verb")));
  facts.may_change = true;
  EXPECT_THAT(html(), HasSubstr("data-verb=\"restart\" data-name=\"boinc\" aria-label=\"restart boinc\""));
  EXPECT_THAT(html(), HasSubstr("data-verb=\"restart\" data-name=\"drain\""));
}

TEST_F(Page, ADrainThatWorksIsSeen) {
  EXPECT_THAT(html(), Not(HasSubstr("Drain:")));
  facts.drain_log = {"waiting for a checkpoint of task_1"};
  (*status)["units"].push_back({{"name", "drain"}, {"state", "running"}, {"type", "job"}});
  EXPECT_THAT(html(), HasSubstr("Drain: running"));
  EXPECT_THAT(html(), HasSubstr("waiting for a checkpoint of task_1"));
}

TEST_F(Page, EachElementIsClosed) {
  facts.may_change = true;
  const std::string text = html();
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
  const std::set<std::string> empty{"meta", "link", "img", "input"};
  for (auto found = std::sregex_iterator(text.begin(), text.end(), tag); found != std::sregex_iterator(); ++found) {
    const std::string name = (*found)[2];
    if (empty.contains(name)) continue;
    if ((*found)[1].length() == 0) {
      open.push_back(name);
    } else {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), name) << text.substr(0, static_cast<std::size_t>(found->position()));
      open.pop_back();
    }
  }
  EXPECT_TRUE(open.empty());
}

}  // namespace
}  // namespace uebo::web
