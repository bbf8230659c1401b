#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

ParsedService parse(const std::string& text, const std::string& name = "web") {
  return parse_service(text, name, "web.json");
}

std::vector<std::string> messages(const ParsedService& parsed) {
  std::vector<std::string> texts;
  for (const Problem& problem : parsed.problems) texts.push_back(problem.message());
  return texts;
}

/// A service that has all it needs, and one member more on its third line.
std::string with(const std::string& member) {
  return "{\"description\": \"d\",\n \"command\": [\"/bin/true\"],\n " + member + "}";
}

ServiceSpec spec_with(const std::string& member) {
  const auto parsed = parse(with(member));
  EXPECT_THAT(messages(parsed), IsEmpty()) << member;
  return parsed.spec;
}

// --- good values, key by key

TEST(ParseService, ReadsWhatMakesItReady) {
  EXPECT_EQ(spec_with(R"("ready": "simple")").ready, Readiness(ReadySimple{}));
  EXPECT_EQ(spec_with(R"("ready": "notify")").ready, Readiness(ReadyNotify{}));
  EXPECT_EQ(spec_with(R"("ready": "fd:3")").ready, Readiness(ReadyDescriptor{3}));
  EXPECT_EQ(spec_with(R"("ready": "fd:255")").ready, Readiness(ReadyDescriptor{255}));
  EXPECT_EQ(spec_with(R"("ready": "tcp:65535")").ready, Readiness(ReadyTcpPort{65535}));
  EXPECT_EQ(spec_with(R"("ready": "unix:/run/web/socket")").ready, Readiness(ReadyUnixSocket{"/run/web/socket"}));
  EXPECT_EQ(spec_with(R"("ready": "unix:/storages/s")").ready, Readiness(ReadyUnixSocket{"/storages/s"}));
  EXPECT_EQ(spec_with(R"("ready": "notify", "ready_timeout": "5m")").ready_timeout, 5min);
  EXPECT_EQ(spec_with(R"("watchdog": "30s")").watchdog, 30s) << "without `ready`: it has a notify socket all the same";
}

TEST(ParseService, PidOneIsNotSentToTheStorageForASocket) {
  for (const std::string path : {"/storage/s", "/./storage/s", "//storage/s", "/storage"})
    EXPECT_THAT(messages(parse(with(R"("ready": "unix:)" + path + "\""))), SizeIs(1)) << path;
}

TEST(ParseService, AnInstanceHasItsOwnSocket) {
  const auto spec = parse(with(R"("ready": "unix:/run/web/%i", "wants": ["link:%i"])"), "web@").spec;
  EXPECT_EQ(instantiate(spec, "a").ready, Readiness(ReadyUnixSocket{"/run/web/a"}));
  EXPECT_THAT(instantiate(spec, "a").wants, ElementsAre("link:a"));
}

TEST(ParseService, AJobIsReadyWhenItHasEndedAndNotOtherwise) {
  EXPECT_THAT(messages(parse(with(R"("type": "job", "ready": "notify",
 "watchdog": "5s")"))),
              ElementsAre("web.json:3: ready: a job is ready when it has ended with 0",
                          "web.json:4: watchdog: a job is ready when it has ended with 0"));
}

TEST(ParseService, AReadyTimeoutWithoutAnythingToWaitForIsAProblem) {
  EXPECT_THAT(messages(parse(with(R"("ready_timeout": "5s")"))),
              ElementsAre("web.json:3: ready_timeout: a simple service is ready at once: expected `ready` too"));
}

TEST(ParseService, NeedsADescriptionAndACommandAlone) {
  const auto parsed = parse(R"({"description": "a web server", "command": ["/usr/bin/web", "-p", "80"]})");
  EXPECT_THAT(messages(parsed), IsEmpty());
  ServiceSpec expected;
  expected.name = "web";
  expected.origins = {"web.json"};
  expected.description = "a web server";
  expected.command = {"/usr/bin/web", "-p", "80"};
  EXPECT_EQ(parsed.spec, expected);
}

TEST(ParseService, ReadsWhatItIsAndWhenItRuns) {
  EXPECT_EQ(spec_with(R"("type": "job")").type, ServiceType::Job);
  EXPECT_EQ(spec_with(R"("type": "daemon")").type, ServiceType::Daemon);
  EXPECT_FALSE(spec_with(R"("enabled": false)").enabled);
  EXPECT_THAT(spec_with(R"("needs": ["storage", "boinc", "link:eth0", "getty@ttyS0"])").needs,
              ElementsAre("storage", "boinc", "link:eth0", "getty@ttyS0"));
  EXPECT_THAT(spec_with(R"("provides": ["clock"])").provides, ElementsAre("clock"));
  EXPECT_THAT(spec_with(R"("settles": ["storage-settled"])").settles, ElementsAre("storage-settled"));
  EXPECT_THAT(spec_with(R"("wants": ["clock", "boinc"])").wants, ElementsAre("clock", "boinc"));
  EXPECT_THAT(spec_with(R"("type": "job", "triggers": ["uevent:block", "condition:storage"])").triggers,
              ElementsAre("uevent:block", "condition:storage"));
  EXPECT_EQ(spec_with(R"("restart": "on-failure")").restart, RestartPolicy::OnFailure);
  EXPECT_EQ(spec_with(R"("restart": "never")").restart, RestartPolicy::Never);
  EXPECT_EQ(spec_with(R"("deadline": "2m")").deadline, 120s);
}

TEST(ParseService, ReadsItsCommands) {
  EXPECT_THAT(spec_with(R"("prepare": ["/bin/a", ""])").prepare, ElementsAre("/bin/a", ""));
  EXPECT_THAT(spec_with(R"("after_start": ["/bin/b"])").after_start, ElementsAre("/bin/b"));
  EXPECT_THAT(spec_with(R"("stop": {"command": ["/bin/c", "x"]})").stop.command, ElementsAre("/bin/c", "x"));
  EXPECT_THAT(spec_with(R"("prepare": [])").prepare, IsEmpty());
}

TEST(ParseService, ReadsWhoItRunsAs) {
  EXPECT_EQ(spec_with(R"("user": "boinc")").user, "boinc");
  EXPECT_EQ(spec_with(R"("group": "uebo-web")").group, "uebo-web");
  EXPECT_EQ(spec_with(R"("group": "")").group, "");
}

TEST(ParseService, ReadsItsSurroundings) {
  EXPECT_THAT(spec_with(R"("environment": {"HOME": "/", "_x1": ""})").environment,
              ElementsAre(Pair("HOME", "/"), Pair("_x1", "")));
  EXPECT_EQ(spec_with(R"("working_directory": "/var/lib")").working_directory, "/var/lib");
  EXPECT_EQ(spec_with(R"("terminal": "/dev/%i")").terminal, "/dev/%i");
  EXPECT_EQ(spec_with(R"("nice": -20)").nice, -20);
  EXPECT_EQ(spec_with(R"("nice": 19)").nice, 19);
  EXPECT_EQ(spec_with(R"("scheduling": "batch")").scheduling, Scheduling::Batch);
  EXPECT_EQ(spec_with(R"("scheduling": "idle")").scheduling, Scheduling::Idle);
  EXPECT_EQ(spec_with(R"("oom_score_adjust": -1000)").oom_score_adjust, -1000);
}

TEST(ParseService, ReadsDirectories) {
  EXPECT_THAT(
      spec_with(
          R"("directories": [{"path": "/a"}, {"path": "/b", "owner": "boinc:boinc", "mode": "0750", "recursive": true}])")
          .directories,
      ElementsAre(Directory{.path = "/a", .owner = "", .mode = 0755, .recursive = false},
                  Directory{.path = "/b", .owner = "boinc:boinc", .mode = 0750, .recursive = true}));
}

TEST(ParseService, ReadsFiles) {
  EXPECT_THAT(
      spec_with(
          R"("files": [{"path": "/a", "content": "x\n"}, {"path": "/b", "content": "", "owner": "root", "mode": "600", "keep": true}])")
          .files,
      ElementsAre(FileToWrite{.path = "/a", .content = "x\n", .owner = "", .mode = 0644, .keep = false},
                  FileToWrite{.path = "/b", .content = "", .owner = "root", .mode = 0600, .keep = true}));
}

TEST(ParseService, ReadsBinds) {
  EXPECT_THAT(spec_with(R"("binds": [{"source": "/a", "target": "/b", "read_only": true}])").binds,
              ElementsAre(BindMount{.source = "/a", .target = "/b", .read_only = true}));
}

TEST(ParseService, ReadsWhatIsHidden) {
  EXPECT_THAT(spec_with(R"("hidden": ["/a", "/b"])").hidden, ElementsAre("/a", "/b"));
}

TEST(ParseService, ReadsBoundsOfMemory) {
  EXPECT_THAT(spec_with(R"("memory_max": "40M")").memory_max, ElementsAre(MemoryBound(MemoryBytes{40 << 20})));
  EXPECT_THAT(spec_with(R"("memory_max": ["90%", "RAM-64M", "1048576"])").memory_max,
              ElementsAre(MemoryBound(MemoryShare{90}), MemoryBound(MemoryReserve{64 << 20}),
                          MemoryBound(MemoryBytes{1 << 20})));
}

TEST(ParseService, ReadsHowItIsStopped) {
  EXPECT_EQ(spec_with(R"("stop": {"signal": "TERM"})").stop.signal, SIGTERM);
  EXPECT_EQ(spec_with(R"("stop": {"signal": "SIGQUIT"})").stop.signal, SIGQUIT);
  EXPECT_EQ(spec_with(R"("stop": {"signal": 12})").stop.signal, 12);
  EXPECT_EQ(spec_with(R"("stop": {"target": "group"})").stop.target, StopTarget::Group);
  EXPECT_EQ(spec_with(R"("stop": {"timeout": "75s"})").stop.timeout, 75s);
  EXPECT_EQ(spec_with(R"("stop": {"timeout": "75s"})").stop.signal, SIGTERM);
}

TEST(ParseService, ReadsBoundsOfItsLog) {
  EXPECT_EQ(spec_with(R"("log": {"size": "64k", "count": 3})").log, (LogLimits{.size = 65'536, .count = 3}));
  EXPECT_EQ(spec_with(R"("log": {})").log, (LogLimits{.size = 10'240, .count = 5}));
}

TEST(ParseService, ReadsWhatItIsInConsul) {
  EXPECT_EQ(spec_with(R"("nice": 0)").consul, std::nullopt);
  EXPECT_EQ(spec_with(R"("consul": {"name": "a", "port": 9100})").consul,
            (ConsulService{.name = "a", .port = 9100, .tags = {}, .meta = {}, .health = {}}));
  EXPECT_EQ(spec_with(R"("consul": {"name": "node_exporter", "port": 1, "tags": ["a", "b"], "meta": {"k-1": "v"},
                      "health": "/metrics"})")
                .consul,
            (ConsulService{
                .name = "node_exporter", .port = 1, .tags = {"a", "b"}, .meta = {{"k-1", "v"}}, .health = "/metrics"}));
}

TEST(ParseService, ConsulTakesNoMoreMetaThanItsBounds) {
  const auto parsed =
      parse(with(R"("consul": {"name": "a", "port": 1, "meta": {"a": ")" + std::string(513, 'x') + "\"}}"));
  EXPECT_THAT(messages(parsed), ElementsAre(HasSubstr("expected an object of at most 59 texts")));
}

TEST(ParseService, ReadsWhatItComesWithAndGoesFirst) {
  EXPECT_EQ(spec_with(R"("only_with": "uebo.consul")").only_with, "uebo.consul");
  EXPECT_TRUE(spec_with(R"("stop": {"first": true})").stop.first);
  EXPECT_FALSE(spec_with(R"("nice": 0)").stop.first);
}

TEST(ParseService, LeavesNotesToPeopleAndEditors) {
  ServiceSpec plain = spec_with(R"("nice": 0)");
  EXPECT_EQ(spec_with(R"("$schema": "schema.json", "remarks": ["because"])"), plain);
}

// --- bad values, key by key

struct BadMember {
  std::string member;
  std::string message;  // how it begins, after the place
};

void PrintTo(const BadMember& bad, std::ostream* out) { *out << bad.member; }

class BadValue : public testing::TestWithParam<BadMember> {};

TEST_P(BadValue, IsOneProblemOnItsLineWithWhatWasExpected) {
  const auto parsed = parse(with(GetParam().member));
  ASSERT_THAT(messages(parsed), ElementsAre(StartsWith("web.json:3: " + GetParam().message)));
  EXPECT_THAT(messages(parsed).front(), HasSubstr(": expected "));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadValue,
    testing::Values(
        BadMember{R"("type": "service")", R"(type: "service": expected "daemon" or "job")"},
        BadMember{R"("type": 1)", "type: 1: "},
        BadMember{R"("enabled": "yes")", R"(enabled: "yes": expected true or false)"},
        BadMember{R"("prepare": "/bin/a")",
                  R"(prepare: "/bin/a": expected a list of texts, the first an absolute path)"},
        BadMember{R"("prepare": ["a"])", "prepare: a list: "},
        BadMember{R"("after_start": ["/a", 7])", "after_start: a list: "},
        BadMember{R"("after_start": ["/a/../b"])", "after_start: a list: "},
        BadMember{R"("user": "")", R"(user: "": expected a user)"}, BadMember{R"("user": "a b")", "user: "},
        BadMember{R"("user": 0)", "user: 0: "}, BadMember{R"("group": "-a")", "group: "},
        BadMember{R"("needs": "storage")", R"(needs: "storage": expected a list, each item the name of a service)"},
        BadMember{R"("needs": ["a b"])", R"(needs: "a b": expected the name of a service)"},
        BadMember{R"("needs": [null])", "needs: null: "},
        BadMember{R"("provides": ["boinc"])", R"(provides: "boinc": expected the name of a condition)"},
        BadMember{R"("settles": {})", "settles: an object: "},
        BadMember{R"("wants": [""])", R"(wants: "": expected the name of a service or of a condition)"},
        BadMember{R"("ready": "maybe")", R"(ready: "maybe": expected "simple", "notify", "fd:N" (3 to 255))"},
        BadMember{R"("ready": true)", "ready: true: "}, BadMember{R"("ready": "fd:2")", "ready: "},
        BadMember{R"("ready": "fd:256")", "ready: "}, BadMember{R"("ready": "fd:3x")", "ready: "},
        BadMember{R"("ready": "fd:")", "ready: "}, BadMember{R"("ready": "tcp:0")", "ready: "},
        BadMember{R"("ready": "tcp:65536")", "ready: "}, BadMember{R"("ready": "tcp:-1")", "ready: "},
        BadMember{R"("ready": "unix:run/s")", "ready: "}, BadMember{R"("ready": "unix:")", "ready: "},
        BadMember{R"("ready": "unix:/storage")", "ready: "}, BadMember{R"("ready": "unix:/storage/s")", "ready: "},
        BadMember{R"("ready": "unix:/./storage/s")", "ready: "}, BadMember{R"("ready": "unix://storage/s")", "ready: "},
        BadMember{R"("ready": "tcp:1", "ready_timeout": "0s")", R"(ready_timeout: "0s": expected a duration)"},
        BadMember{R"("watchdog": "0ms")", R"(watchdog: "0ms": expected a duration as a text, longer than nothing)"},
        BadMember{R"("type": "job", "triggers": ["block"])", R"(triggers: "block": expected `uevent:SUBSYSTEM`)"},
        BadMember{R"("type": "job", "triggers": ["uevent:"])", "triggers: "},
        BadMember{R"("type": "job", "triggers": ["condition:x"])", "triggers: "},
        BadMember{R"("environment": {"A-B": "1"})", R"(environment: "1": expected an object of texts)"},
        BadMember{R"("environment": {"1A": "1"})", "environment: "},
        BadMember{R"("environment": {"": "1"})", "environment: "},
        BadMember{R"("environment": {"A": 1})", "environment: 1: "},
        BadMember{R"("environment": ["A=1"])", "environment: a list: "},
        BadMember{R"("environment": {"A": "a\u0000b"})", "environment: "},
        BadMember{R"("working_directory": "var")", R"(working_directory: "var": expected an absolute path)"},
        BadMember{R"("working_directory": "/a/..")", "working_directory: "},
        BadMember{R"("terminal": "tty1")", "terminal: "}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, BadValue,
    testing::Values(
        BadMember{R"("nice": 42)", "nice: 42: expected a whole number from -20 to 19"},
        BadMember{R"("nice": -21)", "nice: -21: "}, BadMember{R"("nice": 1.5)", "nice: a number with a fraction: "},
        BadMember{R"("nice": "5")", "nice: \"5\": "}, BadMember{R"("nice": 18446744073709551615)", "nice: "},
        BadMember{R"("scheduling": "fifo")", R"(scheduling: "fifo": expected "other", "batch" or "idle")"},
        BadMember{R"("oom_score_adjust": 1001)", "oom_score_adjust: 1001: "},
        BadMember{R"("memory_max": "0")", "memory_max: \"0\": expected \"40M\", \"90%\", \"RAM-64M\""},
        BadMember{R"("memory_max": "40")", "memory_max: "}, BadMember{R"("memory_max": 40)", "memory_max: "},
        BadMember{R"("memory_max": "0%")", "memory_max: "}, BadMember{R"("memory_max": "101%")", "memory_max: "},
        BadMember{R"("memory_max": "RAM-")", "memory_max: "}, BadMember{R"("memory_max": "RAM+1M")", "memory_max: "},
        BadMember{R"("memory_max": ["40M", "x"])", "memory_max: a list: "},
        BadMember{R"("stop": {"signal": "FOO"})", R"(stop.signal: "FOO": expected the name of a signal)"},
        BadMember{R"("stop": {"signal": 0})", "stop.signal: 0: "},
        BadMember{R"("stop": {"signal": 65})", "stop.signal: 65: "},
        BadMember{R"("stop": {"target": "all"})", R"(stop.target: "all": expected "main" or "group")"},
        BadMember{R"("stop": {"timeout": 75})", "stop.timeout: 75: expected a duration as a text"},
        BadMember{R"("stop": "TERM")", R"(stop: "TERM": expected an object)"},
        BadMember{R"("restart": "sometimes")", R"(restart: "sometimes": expected "always")"},
        BadMember{R"("deadline": "soon")", "deadline: "},
        BadMember{R"("log": {"size": "1k"})", R"(log.size: "1k": expected a size from "4k" to "16M")"},
        BadMember{R"("log": {"size": "17M"})", "log.size: "}, BadMember{R"("log": {"count": 0})", "log.count: 0: "},
        BadMember{R"("log": {"count": 21})", "log.count: 21: "}));

INSTANTIATE_TEST_SUITE_P(
    Objects, BadValue,
    testing::Values(
        BadMember{R"("directories": {"path": "/a"})", "directories: an object: expected a list, each item an object"},
        BadMember{R"("directories": ["/a"])", R"(directories: "/a": expected an object)"},
        BadMember{R"("directories": [{}])", "directories.path is missing"},
        BadMember{R"("directories": [{"path": "a"}])", "directories.path: "},
        BadMember{R"("directories": [{"path": "/a", "owner": ":"}])",
                  "directories.owner: \":\": expected USER or USER:GROUP"},
        BadMember{R"("directories": [{"path": "/a", "mode": 750}])",
                  "directories.mode: 750: expected permissions in octal"},
        BadMember{R"("directories": [{"path": "/a", "mode": "0888"}])", "directories.mode: "},
        BadMember{R"("directories": [{"path": "/a", "mode": "00755"}])", "directories.mode: "},
        BadMember{R"("directories": [{"path": "/a", "recursive": 1}])", "directories.recursive: "},
        BadMember{R"("files": [{"path": "/a"}])", "files.content is missing"},
        BadMember{R"("files": [{"content": ""}])", "files.path is missing"},
        BadMember{R"("files": [{"path": "/a", "content": ["x"]}])", "files.content: a list: expected a text"},
        BadMember{R"("binds": [{"source": "/a"}])", "binds.target is missing"},
        BadMember{R"("binds": [{"target": "/a"}])", "binds.source is missing"},
        BadMember{R"("only_with": "uebo.nosuch")",
                  R"(only_with: "uebo.nosuch": expected the name of a kernel argument)"},
        BadMember{R"("stop": {"first": 1})", "stop.first: 1: expected true or false"},
        BadMember{R"("consul": {"name": "a"})", "consul.port is missing: expected a port"},
        BadMember{R"("consul": {"port": 1})", "consul.name is missing"},
        BadMember{R"("consul": {"name": "a b", "port": 1})", R"(consul.name: "a b": expected letters)"},
        BadMember{R"("consul": {"name": "a", "port": 0})", "consul.port: 0: expected a port"},
        BadMember{R"("consul": {"name": "a", "port": 65536})", "consul.port: 65536: "},
        BadMember{R"("consul": {"name": "a", "port": 1, "tags": "x"})", R"(consul.tags: "x": )"},
        BadMember{R"("consul": {"name": "a", "port": 1, "meta": {"a.b": "x"}})", R"(consul.meta: "x": )"},
        BadMember{R"("consul": {"name": "a", "port": 1, "meta": {"a": 1}})", "consul.meta: 1: "},
        BadMember{
            R"("consul": {"name": "a", "port": 1, "meta": {"mac": "x"}})",
            R"(consul.meta: "x": expected an object of at most 59 texts of up to 512 bytes, their names of letters, )"
            "digits, `-` and `_`, none of them `node`, `uebo`, `id`, `mac` or `arch`"},
        BadMember{R"("consul": {"name": "a", "port": 1, "health": "metrics"})", "consul.health: "},
        BadMember{R"("consul": true)", "consul: true: expected an object"}));

// --- the file as a whole

TEST(ParseService, ReportsAllProblemsInTheOrderOfTheirLines) {
  const auto parsed = parse(R"({
  "description": "d",
  "nice": 42,
  "stop": {
    "signal": "FOO",
    "tiemout": "5s"
  },
  "needs": [
    "storage",
    "a b"
  ],
  "memory_max":
    "none"
})");
  EXPECT_THAT(messages(parsed),
              ElementsAre(StartsWith("web.json:1: command is missing"), StartsWith("web.json:3: nice: 42"),
                          StartsWith("web.json:5: stop.signal: \"FOO\""),
                          "web.json:6: unknown key stop.tiemout (did you mean timeout?)",
                          StartsWith("web.json:10: needs: \"a b\""), StartsWith("web.json:13: memory_max: \"none\"")));
}

TEST(ParseService, AnUnknownKeyIsAProblemWithTheNearestKnownOne) {
  EXPECT_THAT(messages(parse(with(R"("enviroment": {})"))),
              ElementsAre("web.json:3: unknown key enviroment (did you mean environment?)"));
  EXPECT_THAT(messages(parse(with(R"("xyzzy": {})"))), ElementsAre("web.json:3: unknown key xyzzy"));
}

TEST(ParseService, AKeyThatIsGivenTwiceIsAProblem) {
  EXPECT_THAT(messages(parse(with("\"nice\": 1,\n\"nice\": 2"))), ElementsAre("web.json:4: nice is given twice"));
  EXPECT_THAT(messages(parse(with(R"("environment": {"A": "1", "A": "2"})"))),
              ElementsAre("web.json:3: environment.A is given twice"));
}

TEST(ParseService, ANumberAtTheEndOfALineIsReportedOnItsOwnLine) {
  EXPECT_THAT(messages(parse("{\n\"description\": \"d\",\n\"command\": [\"/a\"],\n\"nice\": 42\n\n}")),
              ElementsAre(StartsWith("web.json:4: nice: 42")));
}

TEST(ParseService, ASyntaxErrorIsReportedOnItsLine) {
  EXPECT_THAT(messages(parse("{\n\"nice\": 1,\n}")), ElementsAre(StartsWith("web.json:3: syntax error")));
  EXPECT_THAT(messages(parse("{\n\"nice\": nul\n}")), ElementsAre(StartsWith("web.json:2: syntax error")));
  EXPECT_THAT(messages(parse("{\n\"a\": \"\n\"}")),
              ElementsAre(AllOf(StartsWith("web.json:2: "), Not(HasSubstr("\n")))));
  EXPECT_THAT(messages(parse("")), ElementsAre(StartsWith("web.json:1: ")));
  EXPECT_THAT(messages(parse("{} {}")), ElementsAre(StartsWith("web.json:1: ")));
  EXPECT_THAT(messages(parse("{\"a\": \"\xff\"}")), SizeIs(1));
  EXPECT_THAT(messages(parse("{\"a\": 1e999}")), SizeIs(1));
}

TEST(ParseService, AnythingButAnObjectIsAProblem) {
  for (const char* text : {"[]", "7", "\"x\"", "null", "true"})
    EXPECT_THAT(messages(parse(text)), ElementsAre(HasSubstr("expected an object that describes a service"))) << text;
}

TEST(ParseService, DeepNestingDoesNotExhaustTheStack) {
  EXPECT_THAT(messages(parse(std::string(60'000, '['))), ElementsAre("web.json:1: nested too deep"));
  EXPECT_THAT(messages(parse(with("\"x\": " + std::string(20, '[') + std::string(20, ']')))),
              ElementsAre("web.json:3: nested too deep"));
}

TEST(ParseService, EveryPrefixOfAFileIsAProblemAndNoMore) {
  const std::string whole = with(R"("stop": {"signal": "TERM"}, "needs": ["a"], "nice": -1, "enabled": true)");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(messages(parse(whole.substr(0, size))), SizeIs(1)) << size;
}

TEST(ParseService, TheCommandMustNotBeEmpty) {
  EXPECT_THAT(messages(parse(R"({"description": "d", "command": []})")),
              ElementsAre(StartsWith("web.json:1: command: an empty list: expected a list of texts")));
}

TEST(ParseService, OnlyAJobHasTriggers) {
  EXPECT_THAT(messages(parse(with(R"("triggers": ["uevent:block"])"))),
              ElementsAre("web.json:3: triggers: only a job can be run again by them"));
}

TEST(ParseService, NamesAreFitForDirectories) {
  const std::string text = with(R"("nice": 0)");
  for (const char* name : {"a", "node_exporter", "getty@", "getty@ttyS0", "a.b-c", "0"})
    EXPECT_THAT(messages(parse(text, name)), IsEmpty()) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("@"), std::string("a/b"), std::string("a b"),
        std::string("-a"), std::string("a@b@"), std::string("uebo"), std::string("storage"), std::string("clock"),
        std::string(65, 'a')})
    EXPECT_THAT(messages(parse(text, name)), ElementsAre(StartsWith("web.json: a service can't be called"))) << name;
}

// --- kernel arguments in service files

TEST(ParseService, KnowsTheArgumentsThatItRefersTo) {
  EXPECT_THAT(messages(parse(with(R"("environment": {"A": "${uebo.hostnam}"})"))),
              ElementsAre("web.json:3: environment: unknown argument uebo.hostnam (did you mean uebo.hostname?)"));
  EXPECT_THAT(messages(parse(with(R"("files": [{"path": "/a", "content": "${uebo.xyzzyxyzzy}"}])"))),
              ElementsAre("web.json:3: files: unknown argument uebo.xyzzyxyzzy"));
  EXPECT_THAT(messages(parse(with(R"("environment": {"A": "${uebo.hostname} ${HOME}"})"))), IsEmpty());
}

TEST(ParseService, KeepsSecretsOutOfTheEnvironmentAndOfFilesForAll) {
  EXPECT_THAT(messages(parse(with(R"("environment": {"A": "${uebo.boinc.password}"})"))),
              ElementsAre(HasSubstr("expected a secret to be put into a file")));
  const auto file = [](const std::string& mode) {
    return with(R"("files": [{"path": "/a", "content": "${uebo.boinc.password}", "mode": ")" + mode + "\"}]");
  };
  EXPECT_THAT(messages(parse(file("0640"))), ElementsAre(HasSubstr("expected permissions for the owner alone")));
  EXPECT_THAT(messages(parse(file("0604"))), SizeIs(1));
  EXPECT_THAT(messages(parse(file("0600"))), IsEmpty());
}

TEST(ExpandEnvironment, PutsArgumentsIn) {
  ServiceSpec spec = spec_with(R"("environment": {"NAME": "<${uebo.hostname}>", "PLAIN": "x"})");
  expand_environment(spec, KernelArgs::parse("uebo.hostname=a"));
  EXPECT_THAT(spec.environment, ElementsAre(Pair("NAME", "<a>"), Pair("PLAIN", "x")));
}

// --- templates

TEST(Template, IsToldByItsName) {
  EXPECT_TRUE(is_template("getty@"));
  EXPECT_FALSE(is_template("getty@ttyS0"));
  EXPECT_FALSE(is_template("getty"));
  EXPECT_FALSE(is_template(""));
}

TEST(Template, AnInstanceHasItsNameInEveryString) {
  const auto templ = parse(R"({
    "description": "%i", "type": "job", "command": ["/%i", "-i%i%i"], "prepare": ["/%i"], "after_start": ["/%i"],
    "needs": ["link:%i"], "provides": ["link:%i"], "settles": ["link:%i"], "triggers": ["condition:link:%i"],
    "environment": {"A": "%i"}, "working_directory": "/%i",
    "directories": [{"path": "/%i"}], "files": [{"path": "/%i", "content": "%i"}],
    "binds": [{"source": "/%i", "target": "/%i"}], "hidden": ["/%i"], "terminal": "/dev/%i", "stop": {"command": ["/%i"]},
    "consul": {"name": "a", "port": 1, "tags": ["%i"], "meta": {"k": "%i"}, "health": "/%i"}})",
                           "x@");
  ASSERT_THAT(messages(templ), IsEmpty());
  const auto wanted = parse(R"({
    "description": "e0", "type": "job", "command": ["/e0", "-ie0e0"], "prepare": ["/e0"], "after_start": ["/e0"],
    "needs": ["link:e0"], "provides": ["link:e0"], "settles": ["link:e0"], "triggers": ["condition:link:e0"],
    "environment": {"A": "e0"}, "working_directory": "/e0",
    "directories": [{"path": "/e0"}], "files": [{"path": "/e0", "content": "e0"}],
    "binds": [{"source": "/e0", "target": "/e0"}], "hidden": ["/e0"], "terminal": "/dev/e0", "stop": {"command": ["/e0"]},
    "consul": {"name": "a", "port": 1, "tags": ["e0"], "meta": {"k": "e0"}, "health": "/e0"}})",
                            "x@e0");
  ASSERT_THAT(messages(wanted), IsEmpty());
  EXPECT_EQ(instantiate(templ.spec, "e0"), wanted.spec);
}

TEST(Template, AnInstanceNamedLikeThePlaceholderStaysAsItIs) {
  ServiceSpec templ;
  templ.name = "x@";
  templ.description = "%i";
  EXPECT_EQ(instantiate(templ, "%i%i").description, "%i%i");
}

}  // namespace
}  // namespace uebo::config
