#include "uebo/control/requests.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test_node.hpp"

namespace uebo::control {
namespace {

using nlohmann::json;

constexpr Peer kOwner{.uid = 0, .access = Access::Change};
constexpr Peer kReader{.uid = 101, .access = Access::Read};

class RequestsTest : public testing::Test {
 protected:
  json ask(const std::string& request) {
    const Reply reply = requests.answer(request, kOwner);
    EXPECT_FALSE(reply.wait) << request;
    EXPECT_TRUE(reply.line.ends_with('\n')) << reply.line;
    return json::parse(reply.line, nullptr, false);
  }
  void expect_error(const std::string& request, int code, const std::string& text) {
    const json answer = ask(request);
    EXPECT_EQ(answer.value("ok", true), false) << request;
    EXPECT_EQ(answer.value("code", -1), code) << request;
    EXPECT_EQ(answer.value("error", ""), text) << request;
  }

  test::TestNode node;
  Requests requests{node.supervisor, node.context()};
};

TEST_F(RequestsTest, StatusShowsConditionsAndUnits) {
  node.supervisor.set_condition("net", "eth0", "10.0.2.15/24");
  const json answer = ask(R"({"verb":"status"})");
  EXPECT_EQ(answer["ok"], true);
  EXPECT_EQ(answer["version"], "1.2.3");
  EXPECT_EQ(answer["shutting_down"], false);
  EXPECT_EQ(answer["conditions"]["net"]["eth0"], "10.0.2.15/24");
  ASSERT_EQ(answer["units"].size(), 4u);  // a template is none
  EXPECT_EQ(answer["units"][0]["name"], "boinc");
}

TEST_F(RequestsTest, StatusOfOneUnit) {
  const json web = ask(R"({"verb":"status","name":"web"})")["unit"];
  EXPECT_EQ(web["state"], "running");
  EXPECT_EQ(web["type"], "daemon");
  EXPECT_EQ(web["description"], "the service web");
  EXPECT_GE(web["pid"].get<int>(), 100);
  EXPECT_EQ(web["memory"], 3 << 20);
  EXPECT_EQ(web["memory_peak"], 5 << 20);
  EXPECT_EQ(web["cpu"], 1.25);
  EXPECT_EQ(web["oom_kills"], 2);
  EXPECT_EQ(web["wanted"], true);
  EXPECT_EQ(web["exits"], (json{{"exited", 0},
                                {"signalled", 0},
                                {"dumped-core", 0},
                                {"out-of-memory", 0},
                                {"board-out-of-memory", 0},
                                {"deadline", 0},
                                {"exec-failed", 0},
                                {"start-deadline", 0},
                                {"watchdog", 0}}));
  EXPECT_GE(web["running_for"].get<double>(), 0);
  EXPECT_EQ(web["restarts"], 0);
  const json boinc = ask(R"({"verb":"status","name":"boinc"})")["unit"];
  EXPECT_EQ(boinc["state"], "waiting");
  EXPECT_EQ(boinc["waits_for"], json::array({"storage"}));
  EXPECT_FALSE(boinc.contains("pid"));
  EXPECT_FALSE(boinc.contains("cpu"));
  EXPECT_FALSE(boinc.contains("consul"));
  EXPECT_EQ(ask(R"({"verb":"status","name":"off"})")["unit"]["wanted"], false);
}

TEST_F(RequestsTest, StatusTellsHowRunsHaveEnded) {
  node.processes.exit("web", 1);
  node.processes.exit("web", 0);
  node.supervisor.stop("web").value();
  const json exits = ask(R"({"verb":"status","name":"web"})")["unit"]["exits"];
  EXPECT_EQ(exits["exited"], 2);
  EXPECT_EQ(exits["signalled"], 0) << "it was not running any more";
  node.processes.make_broken("off");
  ask(R"({"verb":"start","name":"off"})");
  EXPECT_EQ(ask(R"({"verb":"status","name":"off"})")["unit"]["exits"]["exec-failed"], 2);
}

TEST_F(RequestsTest, StatusTellsWhatConsulIsTold) {
  config::ServiceSpec exporter = test::TestNode::spec("exporter");
  exporter.consul = config::ConsulService{
      .name = "exporter", .port = 9100, .tags = {"prometheus"}, .meta = {{"room", "cellar"}}, .health = "/metrics"};
  node.add(std::move(exporter));
  EXPECT_EQ(ask(R"({"verb":"status","name":"exporter"})")["unit"]["consul"], (json{{"name", "exporter"},
                                                                                   {"port", 9100},
                                                                                   {"tags", {"prometheus"}},
                                                                                   {"meta", {{"room", "cellar"}}},
                                                                                   {"health", "/metrics"}}));
}

TEST_F(RequestsTest, StatusTellsWhatPid1Uses) {
  EXPECT_EQ(ask(R"({"verb":"status"})")["watchdog"], json({{"armed", false}}));
  const json pid1 = ask(R"({"verb":"status"})")["pid1"];
  EXPECT_GT(pid1["memory"].get<std::uint64_t>(), 1u << 20);
  EXPECT_GT(pid1["cpu"].get<double>(), 0);
  EXPECT_GE(pid1["descriptors"].get<int>(), 3);
  EXPECT_FALSE(pid1.contains("log_lines"));
  supervise::ServiceLog log(node.tree.path("uebo"), {.size = 4096, .count = 2});
  log.append("a line\n");
  ServerContext context = node.context();
  context.own_log = &log;
  const Requests with_log(node.supervisor, std::move(context));
  EXPECT_EQ(json::parse(Requests(with_log).answer(R"({"verb":"status"})", kOwner).line)["pid1"]["log_lines"], 1);
}

TEST_F(RequestsTest, UnitsAreStartedAndStopped) {
  EXPECT_EQ(ask(R"({"verb":"stop","name":"web"})")["state"], "stopped");
  EXPECT_EQ(node.state("web"), "stopped");
  EXPECT_EQ(ask(R"({"verb":"start","name":"web"})")["state"], "running");
  EXPECT_EQ(node.state("web"), "running");
  const auto before = node.processes.usage("web").main_pid;
  EXPECT_EQ(ask(R"({"verb":"restart","name":"web"})")["state"], "running");
  EXPECT_NE(node.processes.usage("web").main_pid, before);
}

TEST_F(RequestsTest, UnitsAreEnabledAndDisabled) {
  EXPECT_EQ(ask(R"({"verb":"enable","name":"off"})")["state"], "running");
  EXPECT_TRUE(node.supervisor.status("off")->enabled);
  EXPECT_EQ(ask(R"({"verb":"disable","name":"off","keep":false})")["state"], "stopped");
  EXPECT_FALSE(node.supervisor.status("off")->enabled);
}

TEST_F(RequestsTest, StartMakesAnInstanceOfATemplate) {
  EXPECT_EQ(ask(R"({"verb":"start","name":"getty@ttyS0"})")["state"], "running");
  EXPECT_EQ(node.state("getty@ttyS0"), "running");
}

TEST_F(RequestsTest, AnUnknownUnitIsCode4WhateverTheVerb) {
  for (const std::string verb : {"status", "start", "stop", "restart", "enable", "disable"})
    expect_error(R"({"verb":")" + verb + R"(","name":"nothing"})", 4, "nothing: no such service");
}

TEST_F(RequestsTest, ANameIsNoPath) {
  expect_error(R"({"verb":"start","name":"getty@../../etc/x"})", 4, "getty@../../etc/x: no such service");
  expect_error(R"({"verb":"start","name":""})", 4, ": no such service");
}

TEST_F(RequestsTest, WaitIsAnsweredAtOnceWhenThereIsNothingToWaitFor) {
  EXPECT_EQ(ask(R"({"verb":"start","name":"web","wait":true})")["state"], "running");
  EXPECT_EQ(ask(R"({"verb":"stop","name":"web","wait":true})")["state"], "stopped");
}

TEST_F(RequestsTest, AStartThatWaitsIsResolvedByTheChange) {
  Reply reply = requests.answer(R"({"verb":"start","name":"boinc","wait":true,"timeout":5})", kOwner);
  ASSERT_TRUE(reply.wait);
  EXPECT_EQ(reply.line, "");
  EXPECT_EQ(std::get<UnitWait>(reply.wait->what).limit, std::chrono::seconds(5));
  EXPECT_FALSE(requests.resolve(*reply.wait));
  node.supervisor.set_condition("storage", "storage", "/dev/vda");
  const auto line = requests.resolve(*reply.wait);
  ASSERT_TRUE(line);
  EXPECT_EQ(json::parse(*line), json({{"ok", true}, {"name", "boinc"}, {"state", "running"}}));
}

TEST_F(RequestsTest, AStartThatIsGivenUpIsCode1) {
  const Reply reply = requests.answer(R"({"verb":"start","name":"boinc","wait":true,"timeout":5})", kOwner);
  ASSERT_TRUE(reply.wait);
  const json answer = json::parse(requests.give_up(*reply.wait));
  EXPECT_EQ(answer["code"], 1);
  EXPECT_EQ(answer["state"], "waiting");
  EXPECT_EQ(answer["error"], "boinc: still waits for storage after 5 s; it will start when that is there");
}

TEST_F(RequestsTest, AStopWaitsForAProcessThatTakesItsTime) {
  node.processes.make_stubborn("web");
  Reply reply = requests.answer(R"({"verb":"stop","name":"web","wait":true})", kOwner);
  ASSERT_TRUE(reply.wait);
  EXPECT_FALSE(requests.resolve(*reply.wait));
  node.processes.exit("web", 0);
  EXPECT_TRUE(requests.resolve(*reply.wait));
}

TEST_F(RequestsTest, ARestartWaitsForTheNewProcess) {
  node.processes.make_stubborn("web");
  Reply reply = requests.answer(R"({"verb":"restart","name":"web","wait":true})", kOwner);
  ASSERT_TRUE(reply.wait);
  EXPECT_FALSE(requests.resolve(*reply.wait));
  node.processes.exit("web", 0);
  const auto line = requests.resolve(*reply.wait);
  ASSERT_TRUE(line);
  EXPECT_EQ(json::parse(*line)["state"], "running");
}

TEST_F(RequestsTest, AProgramThatCannotBeExecutedIsSaidSo) {
  node.processes.make_broken("off");
  const json answer = ask(R"({"verb":"start","name":"off","wait":true})");
  EXPECT_EQ(answer["code"], 1);
  EXPECT_EQ(answer["state"], "backoff");
  EXPECT_TRUE(
      answer["error"].get<std::string>().starts_with("off: exec off: No such file or directory; next try in 1."));
}

TEST_F(RequestsTest, ATriggerRunsAJobAgain) {
  node.processes.exit("probe", 0);
  EXPECT_EQ(node.state("probe"), "done");
  EXPECT_EQ(ask(R"({"verb":"trigger","name":"uevent:block"})")["ok"], true);
  EXPECT_EQ(node.state("probe"), "running");
}

TEST_F(RequestsTest, AConditionIsSetAndCleared) {
  EXPECT_EQ(ask(R"({"verb":"condition","name":"storage","set":true,"detail":"/dev/vda","holder":"x"})")["ok"], true);
  EXPECT_EQ(node.state("boinc"), "running");
  EXPECT_EQ(node.supervisor.conditions().all().at("storage").at("x"), "/dev/vda");
  EXPECT_EQ(ask(R"({"verb":"condition","name":"storage","set":false,"holder":"x"})")["ok"], true);
  EXPECT_EQ(node.state("boinc"), "waiting");
  EXPECT_EQ(ask(R"({"verb":"condition","name":"net","set":true})")["ok"], true);
  EXPECT_TRUE(node.supervisor.conditions().all().at("net").contains("control"));
}

TEST_F(RequestsTest, BootShowsPhasesAndUnits) {
  const json answer = ask(R"({"verb":"boot"})");
  EXPECT_EQ(answer["kernel"], 2.0);
  EXPECT_EQ(answer["phases"], json::array({{{"name", "/usr"}, {"started", 2.0}, {"ended", 3.0}}}));
  ASSERT_EQ(answer["units"].size(), 3u);  // those that were ever wanted
  EXPECT_EQ(answer["units"][0]["waits_on"], json::array({"storage"}));
  EXPECT_FALSE(answer["units"][0].contains("started"));
  EXPECT_EQ(answer["units"][2]["name"], "web");
  EXPECT_GT(answer["units"][2]["wanted"].get<double>(), 0);
  EXPECT_GE(answer["units"][2]["running"], answer["units"][2]["started"]);
  EXPECT_GE(answer["units"][2]["up"], answer["units"][2]["running"]);
  EXPECT_EQ(answer["conditions"], json::array());
}

TEST_F(RequestsTest, BootTellsWhoseWorkAConditionWasWhenItWasFirstSet) {
  ask(R"({"verb":"condition","name":"clock","set":true,"holder":"clock","by":"ntpd"})");
  const json first = ask(R"({"verb":"boot"})")["conditions"];
  ask(R"({"verb":"condition","name":"clock","set":false,"holder":"clock"})");
  ask(R"({"verb":"condition","name":"clock","set":true,"holder":"x"})");
  ask(R"({"verb":"condition","name":"net","set":true,"holder":"x"})");
  const json both = ask(R"({"verb":"boot"})")["conditions"];
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0], first[0]);
  EXPECT_EQ(both[0]["by"], "ntpd");
  EXPECT_EQ(both[1]["by"], "x");
}

TEST_F(RequestsTest, ShutdownVerbs) {
  for (const std::string verb : {"poweroff", "reboot", "halt"})
    EXPECT_EQ(ask(R"({"verb":")" + verb + "\"}")["ok"], true);
  EXPECT_EQ(node.shutdowns, (std::vector{ShutdownKind::PowerOff, ShutdownKind::Reboot, ShutdownKind::Halt}));
  EXPECT_EQ(name_of(ShutdownKind::PowerOff), "poweroff");
  EXPECT_EQ(name_of(ShutdownKind::Reboot), "reboot");
  EXPECT_EQ(name_of(ShutdownKind::Halt), "halt");
}

TEST_F(RequestsTest, NothingIsStartedDuringShutdown) {
  node.processes.make_stubborn("web");
  node.supervisor.shut_down(std::chrono::seconds(60), [](const auto&) {});
  expect_error(R"({"verb":"start","name":"off"})", 1, "start off: the node is shutting down");
  EXPECT_EQ(ask(R"({"verb":"status"})")["shutting_down"], true);
}

TEST_F(RequestsTest, AReaderMayOnlyLook) {
  for (const std::string look : {"status", "boot", "changes"})
    EXPECT_EQ(json::parse(requests.answer(R"({"verb":")" + look + R"(","since":99,"timeout":0})", kReader).line)["ok"],
              true)
        << look;
  for (const std::string change : {"start", "stop", "restart", "enable", "disable", "condition", "abandon", "note",
                                   "trigger", "poweroff", "reboot", "halt"}) {
    const json answer = json::parse(
        requests.answer(R"({"verb":")" + change + R"(","name":"web","set":true,"text":"x","stands":true})", kReader)
            .line);
    EXPECT_EQ(answer,
              json({{"ok", false}, {"code", 1}, {"error", change + ": not for you (uid 101), who may only look"}}));
  }
  EXPECT_EQ(node.state("web"), "running");
  EXPECT_TRUE(node.shutdowns.empty());
}

TEST_F(RequestsTest, ChangesAreCountedAndTold) {
  const auto generation = [&] { return ask(R"({"verb":"status"})")["generation"].get<std::uint64_t>(); };
  const auto before = generation();
  EXPECT_EQ(generation(), before);  // looking changes nothing
  node.supervisor.set_condition("net", "eth0", "10.0.2.15/24");
  EXPECT_EQ(generation(), before + 1);
  node.supervisor.set_condition("net", "eth0", "10.0.2.15/24");
  EXPECT_EQ(generation(), before + 1);
  node.supervisor.set_condition("net", "eth0", "10.0.2.16/24");
  EXPECT_EQ(generation(), before + 2);
  node.supervisor.clear_condition("net", "eth1");
  EXPECT_EQ(generation(), before + 2);
  ask(R"({"verb":"stop","name":"web"})");
  const auto after = generation();
  EXPECT_GT(after, before + 2);
  EXPECT_EQ(ask(R"({"verb":"changes","since":)" + std::to_string(before) + "}")["generation"], after);
  EXPECT_EQ(ask(R"({"verb":"changes","since":)" + std::to_string(after + 7) + "}")["generation"], after)
      << "of an earlier PID 1";
}

TEST_F(RequestsTest, ChangesWaitForTheNext) {
  Reply reply = requests.answer(
      R"({"verb":"changes","timeout":600,"since":)" + std::to_string(node.supervisor.generation()) + "}", kReader);
  ASSERT_TRUE(reply.wait);
  EXPECT_FALSE(requests.resolve(*reply.wait));
  EXPECT_EQ(json::parse(requests.give_up(*reply.wait))["generation"], node.supervisor.generation());
  node.processes.exit("web", 0);
  const auto line = requests.resolve(*reply.wait);
  ASSERT_TRUE(line);
  EXPECT_EQ(json::parse(*line), json({{"ok", true}, {"generation", node.supervisor.generation()}}));
}

TEST_F(RequestsTest, ChangesWithoutAGenerationAreWrongUsage) {
  const std::string expected = "changes: expected a generation, as an answer has told it, as \"since\"";
  for (const std::string since : {"", R"(,"since":-1)", R"(,"since":1.5)", R"(,"since":"1")"})
    expect_error(R"({"verb":"changes")" + since + "}", 2, expected);
  for (const std::string timeout : {"-1", "601", "1e300", "\"1\""})
    expect_error(R"({"verb":"changes","since":0,"timeout":)" + timeout + "}", 2,
                 "changes: expected 0 to 600 seconds as \"timeout\"");
}

TEST_F(RequestsTest, JunkIsWrongUsage) {
  const std::string no_object = "expected one JSON object a line";
  for (const std::string junk :
       {"", "hello", "[]", "1", "null", "{", "{\"verb\":}", "\xff\xfe", "{\"verb\":\"status\"} x"})
    expect_error(junk, 2, no_object);
  expect_error(std::string(60'000, '['), 2, no_object);
  expect_error(std::string("{\"verb\":\"sta\0tus\"}", 18), 2, no_object);
  expect_error("{}", 2, "expected a string as \"verb\"");
  expect_error(R"({"verb":7})", 2, "expected a string as \"verb\"");
  expect_error(R"({"verb":"dance"})", 2, "`dance` is not a verb");
}

TEST_F(RequestsTest, FieldsOfTheWrongTypeAreWrongUsage) {
  expect_error(R"({"verb":"status","name":1})", 2, "status: expected a string as \"name\"");
  expect_error(R"({"verb":"start"})", 2, "start: expected a string as \"name\"");
  expect_error(R"({"verb":"stop","name":["web"]})", 2, "stop: expected a string as \"name\"");
  expect_error(R"({"verb":"start","name":"web","timeout":-1})", 2, "start: expected 0 to 600 seconds as \"timeout\"");
  expect_error(R"({"verb":"start","name":"web","timeout":1e300})", 2,
               "start: expected 0 to 600 seconds as \"timeout\"");
  expect_error(R"({"verb":"trigger"})", 2, "trigger: expected a string as \"name\"");
  expect_error(R"({"verb":"condition","name":"net"})", 2,
               "condition: expected a string as \"name\" and true or false as \"set\"");
  expect_error(R"({"verb":"condition","name":"sunshine","set":true})", 2,
               "condition: expected a condition, which `sunshine` is not");
}

TEST_F(RequestsTest, WhatIsNotUtf8IsReplacedInAnswers) {
  node.supervisor.set_condition("net", "eth0", "\xff\xfe");
  EXPECT_EQ(ask(R"({"verb":"status"})")["conditions"]["net"]["eth0"], "\uFFFD\uFFFD");
}

TEST_F(RequestsTest, AStartByTheNodeItselfLeavesADisabledUnitAlone) {
  EXPECT_EQ(ask(R"({"verb":"start","name":"off","if_enabled":true})")["state"], "stopped");
  EXPECT_EQ(ask(R"({"verb":"start","name":"off"})")["state"], "running");
}

TEST_F(RequestsTest, ReloadWithoutFilesIsAnError) {
  expect_error(R"({"verb":"reload"})", 1, "reload: there is nothing to be read again");
}

TEST_F(RequestsTest, ReloadIsNotForReaders) {
  const json answer = json::parse(requests.answer(R"({"verb":"reload"})", kReader).line, nullptr, false);
  EXPECT_EQ(answer["ok"], false);
}

}  // namespace
}  // namespace uebo::control
