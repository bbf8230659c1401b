#include "uebo/control/command.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "test_node.hpp"
#include "uebo/control/server.hpp"

namespace uebo::control {
namespace {

using nlohmann::json;
using Words = std::vector<std::string_view>;

std::optional<ShutdownKind> ended_by;

int drain_exit_code = 0;
std::vector<std::string> drain_arguments;

int drain_of_the_test(std::span<const std::string_view> arguments) {
  drain_arguments.assign(arguments.begin(), arguments.end());
  return drain_exit_code;
}

/// The command, and PID 1's side of it in a thread.
class CommandTest : public testing::Test {
 protected:
  void SetUp() override {
    auto context = node.context();
    context.reload = [this](const ReloadRequest& request) -> Result<ReloadReport> {
      reloads += request.dry_run ? "dry " : "real ";
      using Change = supervise::ServiceChange;
      ReloadReport report{.plan = {}, .problems = request.problems};
      report.plan.unchanged = 5;
      report.plan.changes = {
          {.name = "web",
           .kind = Change::Kind::Changed,
           .follows = Change::Follows::Restarts,
           .keys = {{"nice"}, {"log"}}},
          {.name = "old", .kind = Change::Kind::Removed, .follows = Change::Follows::Stops, .keys = {}}};
      return report;
    };
    auto made = Server::create(*node.loop, node.supervisor, std::move(context), node.tree.path("control"));
    ASSERT_TRUE(made) << made.error().message();
    server = std::move(*made);
    serve();
    ended_by.reset();
  }
  void serve() {
    stopping = false;
    serving = std::thread([this] {
      while (!stopping && node.loop->run_once(std::chrono::milliseconds(5))) continue;
    });
  }
  void TearDown() override {
    stop_serving();
    server.reset();
  }
  void stop_serving() {
    stopping = true;
    if (serving.joinable()) serving.join();
  }

  int run(const Words& words) {
    out.clear();
    err.clear();
    CommandContext context;
    context.drain = drain_of_the_test;
    context.control = node.tree.path("control");
    context.logs = node.tree.path("log");
    context.services = node.tree.path("services");
    context.storage = node.tree.path("storage");
    context.overlays = node.tree.path("overlays");
    context.this_boot = node.tree.path("this-boot");
    context.is_mounted = [](const std::string& path) { return std::filesystem::exists(path); };
    context.end_at_once = [](ShutdownKind kind) {
      ended_by = kind;
      return Error{.code = EPERM, .operation = "reboot", .object = {}, .hint = {}};
    };
    context.width = 80;
    context.out = [this](std::string_view text) { out += text; };
    context.err = [this](std::string_view text) { err += text; };
    return command(words, std::move(context));
  }
  [[nodiscard]] json out_json() const { return json::parse(out, nullptr, false); }

  test::TestNode node;
  std::unique_ptr<Server> server;
  std::atomic<bool> stopping = false;
  std::string reloads;  // read when the answer has come
  std::thread serving;
  std::string out;
  std::string err;
};

TEST_F(CommandTest, StatusShowsEverything) {
  EXPECT_EQ(run({"uebo", "status"}), 0);
  EXPECT_NE(out.find("UEBO 1.2.3\nconditions: none\n\nservice"), std::string::npos) << out;
  EXPECT_NE(out.find("waits for storage since "), std::string::npos) << out;
  EXPECT_NE(out.find("\njob    state"), std::string::npos) << out;
  EXPECT_EQ(err, "");
}

TEST_F(CommandTest, StatusAsJson) {
  EXPECT_EQ(run({"status", "--json"}), 0);
  const json status = out_json();
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["units"].size(), 4u);
  EXPECT_GT(status["uptime"].get<double>(), 0);
  EXPECT_GT(status["memory"]["total"].get<double>(), status["memory"]["available"].get<double>());
  EXPECT_TRUE(status["host"].is_string());
  EXPECT_FALSE(status.contains("ok"));
}

TEST_F(CommandTest, StatusOfOneServiceEndsWithItsLog) {
  node.tree.write("log/web/current", "2026-11-23T10:00:00.000Z hello\n");
  EXPECT_EQ(run({"uebo", "status", "web"}), 0);
  EXPECT_TRUE(out.starts_with("web - the service web\n  state       running for 0s\n")) << out;
  EXPECT_TRUE(out.ends_with("/log/web/current:\n2026-11-23T10:00:00.000Z hello\n")) << out;
  EXPECT_EQ(run({"uebo", "status", "web", "--json"}), 0);
  EXPECT_EQ(out_json()["name"], "web");
}

TEST_F(CommandTest, StatusOfOneServiceTellsByItsExitCode) {
  EXPECT_EQ(run({"uebo", "status", "boinc"}), 3);
  EXPECT_EQ(run({"uebo", "status", "off"}), 3);
  EXPECT_EQ(run({"uebo", "status", "nothing"}), 4);
  EXPECT_EQ(err, "uebo: nothing: no such service\n");
  EXPECT_EQ(run({"uebo", "status", "nothing", "--json"}), 4);
  EXPECT_EQ(out_json(), json({{"ok", false}, {"code", 4}, {"error", "nothing: no such service"}}));
}

TEST_F(CommandTest, ACrashLoopAndAFailureHaveExitCodesOfTheirOwn) {
  stop_serving();
  for (const char* name : {"loops", "gives-up"}) {
    node.processes.make_broken(name);
    auto spec = test::TestNode::spec(name);
    spec.longest_backoff = std::chrono::milliseconds(1);
    if (name == std::string_view("gives-up")) spec.restart = config::RestartPolicy::Never;
    node.add(std::move(spec));
  }
  const TimePoint deadline = BootClock::now() + std::chrono::seconds(5);
  while (node.state("loops") != "crash-loop" && BootClock::now() < deadline)
    ASSERT_TRUE(node.loop->run_once(std::chrono::milliseconds(5)));
  serve();
  EXPECT_EQ(run({"uebo", "status", "loops"}), 5);
  EXPECT_NE(out.find("in a row\n"), std::string::npos) << out;
  EXPECT_EQ(run({"uebo", "status", "gives-up"}), 6);
  EXPECT_EQ(run({"uebo", "status", "gives-up", "--json"}), 6);
  EXPECT_EQ(out_json()["state"], "failed");
  EXPECT_EQ(out_json()["failures"], 0);
}

TEST_F(CommandTest, StartStopAndRestart) {
  EXPECT_EQ(run({"stop", "web"}), 0);
  EXPECT_EQ(out, "web: stopped\n");
  EXPECT_EQ(run({"start", "web", "off"}), 0);
  EXPECT_EQ(out, "web: running\noff: running\n");
  EXPECT_EQ(run({"restart", "web", "--json"}), 0);
  EXPECT_EQ(out_json()["state"], "running");
}

TEST_F(CommandTest, ChangesOfOneServiceDoNotDependOnAnother) {
  EXPECT_EQ(run({"start", "nothing", "off"}), 4);
  EXPECT_EQ(out, "off: running\n");
  EXPECT_EQ(err, "uebo: nothing: no such service\n");
}

TEST_F(CommandTest, AStartThatHasToWaitSaysForWhat) {
  EXPECT_EQ(run({"start", "--timeout", "0", "boinc"}), 1);
  EXPECT_EQ(err, "uebo: boinc: still waits for storage after 0 s; it will start when that is there\n");
  EXPECT_EQ(run({"start", "--no-wait", "boinc"}), 0);
  EXPECT_EQ(out, "boinc: waiting\n");
}

TEST_F(CommandTest, DisableIsKeptWhereThereIsStorage) {
  node.tree.directory("storage");
  EXPECT_EQ(run({"disable", "web"}), 0);
  EXPECT_EQ(out, "web: disabled, kept in " + node.tree.path("storage/services/web.json") + "\n");
  EXPECT_EQ(json::parse(node.tree.read("storage/services/web.json")), json({{"enabled", false}}));
  EXPECT_EQ(json::parse(node.tree.read("overlays/web.json")), json({{"enabled", false}})) << "what a reload reads";
  EXPECT_EQ(run({"status", "web"}), 3);
  EXPECT_NE(out.find("enabled     no\n"), std::string::npos) << out;
  EXPECT_EQ(run({"enable", "web"}), 0);
  EXPECT_FALSE(std::filesystem::exists(node.tree.path("storage/services/web.json")));
  EXPECT_FALSE(std::filesystem::exists(node.tree.path("overlays/web.json")));
  EXPECT_EQ(run({"status", "web"}), 0);
}

TEST_F(CommandTest, DisableWithoutStorageIsForThisBoot) {
  EXPECT_EQ(run({"disable", "web"}), 0);
  EXPECT_EQ(out, "web: disabled, until the next boot: " + node.tree.path("storage") + " keeps nothing\n");
  EXPECT_TRUE(std::filesystem::exists(node.tree.path("this-boot/web.json")));
  EXPECT_EQ(run({"enable", "web", "--json"}), 0);
  EXPECT_EQ(out_json()["enabled"], true);
  EXPECT_EQ(out_json()["for_good"], false);
}

TEST_F(CommandTest, NothingIsKeptOfAServiceThatIsNotThere) {
  node.tree.directory("storage");
  EXPECT_EQ(run({"disable", "nothing"}), 4);
  EXPECT_FALSE(std::filesystem::exists(node.tree.path("storage/services")));
}

TEST_F(CommandTest, LogsOfOneService) {
  node.tree.write("log/web/current.1", "2026-11-23T10:00:00.000Z one\n");
  node.tree.write("log/web/current", "2026-11-23T10:00:01.000Z two\n2026-11-23T10:00:03.000Z three\n");
  EXPECT_EQ(run({"logs", "web"}), 0);
  EXPECT_EQ(out, "2026-11-23T10:00:00.000Z one\n2026-11-23T10:00:01.000Z two\n2026-11-23T10:00:03.000Z three\n");
  EXPECT_EQ(run({"logs", "-n", "1", "web", "--json"}), 0);
  EXPECT_EQ(out_json(), json({{"service", "web"}, {"time", "2026-11-23T10:00:03.000Z"}, {"text", "three"}}));
}

TEST_F(CommandTest, LogsOfSeveralServicesAreMergedByTime) {
  node.tree.write("log/web/current", "2026-11-23T10:00:01.000Z one\n2026-11-23T10:00:03.000Z three\n");
  node.tree.write("log/boinc/current", "2026-11-23T10:00:02.000Z two\n");
  EXPECT_EQ(run({"logs", "web", "boinc"}), 0);
  EXPECT_EQ(out,
            "web   | 2026-11-23T10:00:01.000Z one\n"
            "boinc | 2026-11-23T10:00:02.000Z two\n"
            "web   | 2026-11-23T10:00:03.000Z three\n");
}

TEST_F(CommandTest, LogsThatAreNotThere) {
  EXPECT_EQ(run({"logs", "off"}), 0);
  EXPECT_EQ(err, "uebo: off has written nothing yet\n");
  EXPECT_EQ(run({"logs", "nothing"}), 4);
  EXPECT_EQ(run({"logs", "../../etc"}), 4);
  node.tree.write("log/uebo/current", "2026-11-23T10:00:01.000Z PID 1\n");
  EXPECT_EQ(run({"logs", "uebo"}), 0);
  EXPECT_EQ(out, "2026-11-23T10:00:01.000Z PID 1\n");
}

TEST_F(CommandTest, BootShowsPhasesAndUnits) {
  EXPECT_EQ(run({"boot"}), 0);
  EXPECT_NE(out.find("came up last"), std::string::npos) << out;
  EXPECT_NE(out.find("0.00  "), std::string::npos) << out;
  EXPECT_NE(out.find("step     * /usr"), std::string::npos) << out;
  EXPECT_NE(out.find(" web "), std::string::npos) << out;
  EXPECT_NE(out.find("boinc (waiting)"), std::string::npos) << out;
  EXPECT_EQ(run({"boot", "--json"}), 0);
  EXPECT_EQ(out_json()["kernel"], 2.0);
}

TEST_F(CommandTest, BootIsDrawnFromWhatWasKept) {
  EXPECT_EQ(run({"boot", "--json"}), 0);
  node.tree.write("boot.json", out);
  EXPECT_EQ(run({"boot", "--svg"}), 0);
  const std::string drawn = out;
  EXPECT_TRUE(drawn.starts_with("<svg ")) << drawn;
  stop_serving();
  const std::string file = node.tree.path("boot.json");
  EXPECT_EQ(run({"boot", "--svg", "--from", file}), 0);
  EXPECT_EQ(out, drawn);
  EXPECT_EQ(run({"boot", "--from", file + ".absent"}), 1);
  EXPECT_TRUE(err.ends_with("boot.json.absent: No such file or directory\n")) << err;
  node.tree.write("boot.json", "[]");
  EXPECT_EQ(run({"boot", "--from", file}), 1);
  EXPECT_TRUE(err.ends_with("boot.json: this is not what `uebo boot --json` prints\n")) << err;
  EXPECT_EQ(run({"boot", "--svg", "--json"}), 2);
}

TEST_F(CommandTest, ShutdownVerbsAskPid1) {
  EXPECT_EQ(run({"poweroff"}), 0);
  EXPECT_EQ(out, "the node is shutting down\n");
  EXPECT_EQ(run({"status"}), 0);  // the loop has turned since
  stop_serving();
  EXPECT_EQ(node.shutdowns, std::vector{ShutdownKind::PowerOff});
  EXPECT_FALSE(ended_by);
}

TEST_F(CommandTest, ADrainComesBeforeTheShutdownAndMayCallItOff) {
  drain_exit_code = 7;
  EXPECT_EQ(run({"reboot", "--drain"}), 7);
  EXPECT_EQ(drain_arguments, (std::vector<std::string>{"--timeout", "2h"}));
  EXPECT_EQ(err, "uebo: the node is not shut down; without --drain it is\n");
  drain_exit_code = 0;
  EXPECT_EQ(run({"poweroff", "--drain", "--drain-timeout", "9m"}), 0);
  EXPECT_EQ(drain_arguments, (std::vector<std::string>{"--timeout", "9m"}));
  EXPECT_EQ(run({"status"}), 0);  // the loop has turned since
  stop_serving();
  EXPECT_EQ(node.shutdowns, std::vector{ShutdownKind::PowerOff});
}

TEST_F(CommandTest, ForceDoesWithoutPid1) {
  EXPECT_EQ(run({"reboot", "-f"}), 1);  // it has come back
  EXPECT_EQ(ended_by, ShutdownKind::Reboot);
  run({"halt", "--force"});
  EXPECT_EQ(ended_by, ShutdownKind::Halt);
  run({"uebo", "poweroff", "-f"});
  EXPECT_EQ(ended_by, ShutdownKind::PowerOff);
  stop_serving();
  EXPECT_TRUE(node.shutdowns.empty());
}

TEST_F(CommandTest, WithoutPid1ThereIsAClearError) {
  stop_serving();
  server.reset();
  EXPECT_EQ(run({"status"}), 1);
  EXPECT_EQ(err, "uebo: connect to " + node.tree.path("control") +
                     ": No such file or directory (nobody answers: is PID 1 uebo?)\n");
  EXPECT_EQ(run({"reboot"}), 1);
  EXPECT_TRUE(err.ends_with("; `uebo reboot -f` does without PID 1\n")) << err;
}

TEST_F(CommandTest, CheckPrintsEveryProblem) {
  const std::string good = node.tree.write("services/good.json", R"({"description": "x", "command": ["/bin/x"]})");
  EXPECT_EQ(run({"check", good}), 0);
  EXPECT_EQ(out, "1 service, no problems\n");
  EXPECT_EQ(run({"check"}), 0);
  const std::string bad = node.tree.write("services/bad.json", R"({"description": 1, "comand": ["/bin/x"]})");
  EXPECT_EQ(run({"check", bad, good}), 1);
  EXPECT_GE(std::ranges::count(out, '\n'), 2) << out;
  EXPECT_NE(out.find("command"), std::string::npos) << out;
  EXPECT_EQ(run({"check", "--json", node.tree.path("services")}), 1);
  EXPECT_GE(out_json().size(), 2u);
  EXPECT_EQ(out_json()[0]["file"], bad);
  EXPECT_EQ(run({"check", node.tree.path("nowhere")}), 1);
}

TEST_F(CommandTest, CheckOverAnImageChecksWhatBothSay) {
  node.tree.write("image/web.json", R"({"description": "x", "command": ["/bin/x"]})");
  const std::string image = node.tree.path("image");
  const std::string good = node.tree.write("mine/web.json", R"({"nice": 3})");
  EXPECT_EQ(run({"check", good}), 1) << "alone it describes no service";
  EXPECT_EQ(run({"check", "--over", image, node.tree.path("mine")}), 0) << out;
  EXPECT_EQ(out, "1 service, no problems\n");
  const std::string bad = node.tree.write("mine/wob.json", "{\"enabled\": false}");
  node.tree.write("mine/web.json", "{\n\"nice\": 30\n}");
  EXPECT_EQ(run({"check", "--over", image, node.tree.path("mine")}), 1);
  EXPECT_NE(out.find(good + ":2: nice: 30: expected a whole number"), std::string::npos) << out;
  EXPECT_NE(out.find(bad + ": there is no service wob (did you mean web?)"), std::string::npos) << out;
  EXPECT_EQ(run({"check", "--over", image, good}), 1);
  EXPECT_EQ(run({"check", "--over", image, node.tree.path("nowhere.json")}), 1);
}

TEST_F(CommandTest, CheckOfThisNodeKnowsItsOverlays) {
  node.tree.write("services/web.json", R"({"description": "x", "command": ["/bin/x"]})");
  node.tree.write("overlays/web.json", "\n{\"nice\": 30}");
  EXPECT_EQ(run({"check"}), 1);
  EXPECT_TRUE(out.starts_with(node.tree.path("storage/services/web.json") + ":2: nice")) << out;
}

TEST_F(CommandTest, ReloadSaysWhatItWillDoAndDoesIt) {
  EXPECT_EQ(run({"reload", "--dry-run"}), 0);
  EXPECT_EQ(out, "web  changed (nice, log): restarts\nold  removed: stops\n5 unchanged\n");
  EXPECT_EQ(reloads, "dry ");
  EXPECT_EQ(run({"reload"}), 0);
  EXPECT_EQ(reloads, "dry dry real ") << "people are told first";
  EXPECT_EQ(run({"reload", "--json"}), 0);
  EXPECT_EQ(out_json()["dry_run"], false);
  EXPECT_EQ(out_json()["changes"][0],
            json({{"name", "web"}, {"change", "changed"}, {"keys", {"nice", "log"}}, {"follows", "restarts"}}));
}

TEST_F(CommandTest, ReloadBringsTheOverlaysFirstAndTellsOfBadOnes) {
  node.tree.write("storage/services/web.json", R"({"nice": 3})");
  const std::string bad = node.tree.write("storage/services/bad.json", R"({"nice": 3})");
  std::filesystem::permissions(node.tree.path("storage/services/web.json"), std::filesystem::perms(0644));
  std::filesystem::permissions(bad, std::filesystem::perms(0666));
  EXPECT_EQ(run({"reload"}), 1);
  EXPECT_EQ(node.tree.read("overlays/web.json"), R"({"nice": 3})");
  EXPECT_EQ(err, "uebo: trust " + bad + ": Operation not permitted (others may write to it)\n");
}

TEST_F(CommandTest, CheckOfAKernelCommandLine) {
  EXPECT_EQ(run({"check", "--cmdline", "console=ttyS0 uebo.hostname=pine-07"}), 0);
  EXPECT_EQ(out, "no problems\n");
  EXPECT_EQ(run({"check", "--cmdline", "uebo.hostnam=pine-07"}), 1);
  EXPECT_NE(out.find("uebo.hostname"), std::string::npos) << out;
  EXPECT_EQ(run({"check", "--json", "--cmdline", "uebo.hostnam=pine-07"}), 1);
  EXPECT_EQ(out_json().size(), 1u);
}

TEST_F(CommandTest, CheckPrintsTablesAndTheSchema) {
  EXPECT_EQ(run({"check", "--schema"}), 0);
  EXPECT_TRUE(out_json().is_object());
  EXPECT_EQ(run({"check", "--arguments"}), 0);
  EXPECT_NE(out.find("`uebo.hostname=`"), std::string::npos);
  EXPECT_EQ(run({"check", "--keys"}), 0);
  EXPECT_NE(out.find("`command`"), std::string::npos);
  EXPECT_EQ(run({"check", "--conditions"}), 0);
  EXPECT_NE(out.find("`storage`"), std::string::npos);
}

TEST_F(CommandTest, HelpGoesOutAndErrorsGoToTheOtherStream) {
  EXPECT_EQ(run({"uebo", "--help"}), 0);
  EXPECT_NE(out, "");
  EXPECT_EQ(err, "");
  EXPECT_EQ(run({"uebo", "dance"}), 2);
  EXPECT_EQ(out, "");
  EXPECT_NE(err, "");
}

}  // namespace
}  // namespace uebo::control
