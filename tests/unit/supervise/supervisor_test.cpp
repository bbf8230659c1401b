#include "uebo/supervise/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_host.hpp"
#include "uebo/base/log.hpp"

namespace uebo::supervise::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSubsetOf;
using testing::Not;
using testing::UnorderedElementsAre;

class Supervision : public testing::Test {
 protected:
  Supervision() { spdlog::default_logger_raw()->set_level(spdlog::level::off); }
  ~Supervision() override { spdlog::default_logger_raw()->set_level(spdlog::level::info); }

  static config::ServiceSpec daemon(const std::string& name, std::vector<std::string> needs = {}) {
    config::ServiceSpec spec;
    spec.name = name;
    spec.command = {"/bin/" + name};
    spec.needs = std::move(needs);
    spec.stop.timeout = 20ms;
    return spec;
  }
  static config::ServiceSpec job(const std::string& name, std::vector<std::string> needs = {}) {
    auto spec = daemon(name, std::move(needs));
    spec.type = config::ServiceType::Job;
    spec.restart = config::RestartPolicy::Never;
    return spec;
  }
  void add(config::ServiceSpec spec) {
    if (spec.type == config::ServiceType::Job) host.auto_exit.try_emplace(spec.name, 0);
    ASSERT_TRUE(supervisor.add(std::move(spec)));
  }
  std::string state(const std::string& name) { return state_of(supervisor, name); }
  std::vector<std::string> taken() { return host.taken_without_kills(); }
  /// Turns the loop until `done`, five seconds at most.
  template <class Done>
  bool until(Done done) {
    const TimePoint deadline = BootClock::now() + 5s;
    while (!done() && BootClock::now() < deadline) (void)loop->run_once(10ms);
    return done();
  }
  void shut_down(Duration deadline = 5s) {
    supervisor.shut_down(deadline, [this](const auto& names) { left = names; });
  }

  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  FakeHost host;
  LogCollector logs{*loop, testing::TempDir() + "uebo-supervisor-logs"};
  Supervisor supervisor{*loop, host, logs};
  std::optional<std::vector<std::string>> left;
};

// --- the graph

TEST_F(Supervision, StartsWhatNeedsNothingAtOnce) {
  add(daemon("a"));
  EXPECT_THAT(taken(), ElementsAre("launch a"));
  EXPECT_EQ(state("a"), "running");
}

TEST_F(Supervision, StartsInTheOrderOfNeedsWhateverTheOrderOfFiles) {
  add(daemon("c", {"b"}));
  add(daemon("b", {"a"}));
  EXPECT_EQ(state("c"), "waiting");
  EXPECT_THAT(supervisor.status("c")->waits_for, ElementsAre("b"));
  add(daemon("a"));
  EXPECT_THAT(taken(), ElementsAre("launch a", "launch b", "launch c"));
}

TEST_F(Supervision, WaitsForAConditionAndStopsWhenItGoes) {
  add(daemon("boinc", {"storage"}));
  EXPECT_THAT(supervisor.status("boinc")->waits_for, ElementsAre("storage"));
  supervisor.set_condition("storage", "somebody", "/dev/sda1");
  EXPECT_EQ(state("boinc"), "running");
  supervisor.clear_condition("storage", "somebody");
  EXPECT_EQ(state("boinc"), "waiting");
  EXPECT_THAT(taken(), ElementsAre("launch boinc", "stop boinc"));
}

TEST_F(Supervision, AConditionLastsAsLongAsItsLastHolder) {
  add(daemon("ntpd", {"net"}));
  supervisor.set_condition("net", "eth0", "10.0.0.1");
  supervisor.set_condition("net", "eth1", "10.0.1.1");
  supervisor.clear_condition("net", "eth0");
  EXPECT_EQ(state("ntpd"), "running");
  supervisor.clear_condition("net", "eth0");
  EXPECT_EQ(state("ntpd"), "running") << "cleared twice by one holder";
  supervisor.clear_condition("net", "eth1");
  EXPECT_EQ(state("ntpd"), "waiting");
}

TEST_F(Supervision, AProviderOfAConditionThatIsHeldTwiceStopsWithoutItsDependents) {
  auto first = daemon("dhcp-a");
  auto second = daemon("dhcp-b");
  first.provides = second.provides = {"net"};
  add(first);
  add(second);
  add(daemon("ntpd", {"net"}));
  taken();
  ASSERT_TRUE(supervisor.stop("dhcp-a"));
  EXPECT_EQ(state("dhcp-a"), "stopped");
  EXPECT_EQ(state("ntpd"), "running");
  ASSERT_TRUE(supervisor.stop("dhcp-b"));
  EXPECT_THAT(taken(), ElementsAre("stop dhcp-a", "stop ntpd", "stop dhcp-b"));
}

TEST_F(Supervision, AJobProvidesItsConditionFromItsSuccessOn) {
  auto storage = job("find-storage");
  storage.provides = {"storage"};
  storage.settles = {"storage-settled"};
  host.auto_exit["find-storage"] = 1;
  add(daemon("boinc", {"storage"}));
  add(daemon("dropbear", {"storage-settled"}));
  add(storage);
  EXPECT_EQ(state("find-storage"), "failed");
  EXPECT_EQ(state("dropbear"), "running") << "looked for, whatever came of it";
  EXPECT_EQ(state("boinc"), "waiting");
  host.auto_exit["find-storage"] = 0;
  ASSERT_TRUE(supervisor.start("find-storage"));
  EXPECT_EQ(state("boinc"), "running");
}

TEST_F(Supervision, AnEventTriggersJobsAndNothingElse) {
  auto storage = job("find-storage");
  storage.triggers = {"uevent:block", "condition:net"};
  add(storage);
  add(job("other"));
  taken();
  supervisor.trigger("uevent:block");
  EXPECT_THAT(taken(), ElementsAre("launch find-storage"));
  supervisor.trigger("uevent:usb");
  EXPECT_THAT(taken(), IsEmpty());
  supervisor.set_condition("net", "eth0", "");
  EXPECT_THAT(taken(), ElementsAre("launch find-storage"));
  supervisor.set_condition("net", "eth1", "");
  EXPECT_THAT(taken(), IsEmpty()) << "it was set already";
}

TEST_F(Supervision, AJobThatWasTriggeredWhileItRanRunsOnceMore) {
  host.auto_launch = false;
  auto storage = job("find-storage");
  storage.triggers = {"uevent:block"};
  host.auto_exit.clear();
  ASSERT_TRUE(supervisor.add(storage));
  supervisor.trigger("uevent:block");
  supervisor.trigger("uevent:block");
  EXPECT_THAT(taken(), ElementsAre("launch find-storage"));
  std::vector<std::string> states;
  supervisor.on_change([&] { states.push_back(state("find-storage")); });
  host.tell("find-storage", Launched{});
  host.end("find-storage", 0);
  EXPECT_THAT(taken(), ElementsAre("launch find-storage"));
  host.end("find-storage", 0);
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(state("find-storage"), "done");
}

TEST_F(Supervision, ADependentStopsFirstWhenWhatItNeedsCrashes) {
  add(daemon("a"));
  add(daemon("b", {"a"}));
  taken();
  host.end("a", 1);
  EXPECT_THAT(taken(), AllOf(Contains("stop b"), Contains("launch a"), Contains("launch b")));
  EXPECT_EQ(state("a"), "running");
  EXPECT_EQ(state("b"), "running");
}

TEST_F(Supervision, ANeedThatNobodyHasIsWaitedFor) {
  add(daemon("a", {"missing"}));
  EXPECT_EQ(state("a"), "waiting");
  EXPECT_THAT(supervisor.status("a")->waits_for, ElementsAre("missing"));
}

TEST_F(Supervision, ASecondUnitOfANameIsRefused) {
  add(daemon("a"));
  EXPECT_EQ(supervisor.add(daemon("a")).error().code, EEXIST);
}

// --- verbs

TEST_F(Supervision, StopTakesDependentsDownFirst) {
  add(daemon("a"));
  add(daemon("b", {"a"}));
  add(daemon("c", {"b"}));
  taken();
  ASSERT_TRUE(supervisor.stop("a"));
  EXPECT_THAT(taken(), ElementsAre("stop c", "stop b", "stop a"));
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_EQ(state("b"), "waiting");
  ASSERT_TRUE(supervisor.start("a"));
  EXPECT_THAT(taken(), ElementsAre("launch a", "launch b", "launch c"));
}

TEST_F(Supervision, RestartTakesDependentsAlong) {
  add(daemon("a"));
  add(daemon("b", {"a"}));
  taken();
  ASSERT_TRUE(supervisor.restart("a"));
  EXPECT_THAT(taken(), ElementsAre("stop b", "stop a", "launch a", "launch b"));
  EXPECT_EQ(supervisor.status("a")->restarts, 0U) << "an order is no failure";
}

TEST_F(Supervision, RestartOfWhatIsStoppedStartsIt) {
  add(daemon("a"));
  ASSERT_TRUE(supervisor.stop("a"));
  taken();
  ASSERT_TRUE(supervisor.restart("a"));
  EXPECT_THAT(taken(), ElementsAre("launch a"));
}

TEST_F(Supervision, RestartRunsAJobOnce) {
  add(job("works"));
  host.auto_exit["fails"] = 1;
  add(job("fails"));
  taken();
  ASSERT_TRUE(supervisor.restart("works"));
  ASSERT_TRUE(supervisor.restart("fails"));
  EXPECT_THAT(taken(), ElementsAre("launch works", "launch fails"));
}

TEST_F(Supervision, RestartOfAJobUndoesItFirst) {
  auto storage = job("find-storage");
  storage.provides = {"storage"};
  storage.stop.command = {"/bin/umount"};
  add(storage);
  add(daemon("boinc", {"storage"}));
  taken();
  ASSERT_TRUE(supervisor.restart("find-storage"));
  EXPECT_THAT(taken(), ElementsAre("stop boinc", "undo find-storage", "launch find-storage", "launch boinc"));
}

TEST_F(Supervision, RestartDuringAStopStartsAgainAfterIt) {
  host.auto_stop = false;
  add(daemon("a"));
  ASSERT_TRUE(supervisor.stop("a"));
  ASSERT_TRUE(supervisor.restart("a"));
  EXPECT_EQ(state("a"), "stopping");
  host.end("a", 0);
  EXPECT_THAT(taken(), ElementsAre("launch a", "stop a", "launch a"));
}

TEST_F(Supervision, StopKillsWhatIgnoresTheSignal) {
  host.stubborn = {"a"};
  add(daemon("a"));
  ASSERT_TRUE(supervisor.stop("a"));
  EXPECT_EQ(state("a"), "stopping");
  EXPECT_TRUE(until([&] { return state("a") == "stopped"; }));
  EXPECT_THAT(host.taken(), Contains("kill a"));
}

TEST_F(Supervision, UnknownNamesAreErrors) {
  EXPECT_EQ(supervisor.start("nobody").error().code, ENOENT);
  EXPECT_EQ(supervisor.stop("nobody").error().code, ENOENT);
  EXPECT_EQ(supervisor.restart("nobody").error().code, ENOENT);
  EXPECT_EQ(supervisor.set_enabled("nobody", false).error().code, ENOENT);
  EXPECT_FALSE(supervisor.status("nobody"));
}

TEST_F(Supervision, ADisabledUnitIsKnownAndLeftAlone) {
  auto spec = daemon("a");
  spec.enabled = false;
  add(spec);
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_FALSE(supervisor.status("a")->enabled);
  ASSERT_TRUE(supervisor.start("a"));
  EXPECT_EQ(state("a"), "running") << "by hand all the same";
  ASSERT_TRUE(supervisor.set_enabled("a", true));
  ASSERT_TRUE(supervisor.set_enabled("a", false));
  EXPECT_EQ(state("a"), "stopped");
}

TEST_F(Supervision, AStartMakesAnInstanceOfATemplate) {
  auto getty = daemon("getty@");
  getty.command = {"/bin/getty", "%i"};
  add(getty);
  EXPECT_THAT(supervisor.status(), IsEmpty()) << "a template is no unit";
  EXPECT_EQ(supervisor.start("getty@").error().code, ENOENT);
  EXPECT_EQ(supervisor.stop("getty@tty1").error().code, ENOENT) << "a stop makes none";
  ASSERT_TRUE(supervisor.start("getty@tty1"));
  ASSERT_TRUE(supervisor.start("getty@tty1"));
  EXPECT_THAT(taken(), ElementsAre("launch getty@tty1"));
  EXPECT_EQ(supervisor.start("other@tty1").error().code, ENOENT);
}

TEST_F(Supervision, AnEndedJobDoesNotHoldUpWhatItNeeded) {
  add(daemon("a"));
  auto undoing = job("mounts", {"a"});
  undoing.stop.command = {"/bin/umount"};
  add(undoing);
  ASSERT_TRUE(supervisor.stop("a"));
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_EQ(state("mounts"), "done");
}

// --- restarts by itself

TEST_F(Supervision, RestartsAfterACrashAndThenBacksOff) {
  add(daemon("a"));
  host.end("a", 1);
  EXPECT_EQ(state("a"), "running");
  host.end("a", 1);
  EXPECT_EQ(state("a"), "backoff");
  const auto status = supervisor.status("a").value();
  EXPECT_EQ(status.restarts, 2U);
  EXPECT_EQ(status.last_exit, "exit code 1");
  EXPECT_GT(status.next_try_in.value(), 0s);
  EXPECT_TRUE(until([&] { return state("a") == "running"; })) << "the timer is armed";
}

TEST_F(Supervision, AFailedExecIsShown) {
  host.auto_launch = false;
  auto spec = daemon("a");
  spec.restart = config::RestartPolicy::Never;
  add(spec);
  host.alive.clear();
  host.tell("a", LaunchFailed{{.kind = ExitReason::Kind::ExecFailed, .value = ENOENT, .stage = "exec /bin/a"}});
  EXPECT_EQ(supervisor.status("a")->detail, "exec /bin/a: No such file or directory");
}

TEST_F(Supervision, ListenersHearOfChanges) {
  int heard = 0;
  supervisor.on_change([&] { ++heard; });
  add(daemon("a"));
  EXPECT_GT(heard, 0);
}

// --- shutdown

TEST_F(Supervision, ShutdownStopsInReverseOrderOfNeed) {
  add(daemon("a"));
  add(daemon("b", {"a"}));
  add(daemon("c", {"a"}));
  add(daemon("d", {"b", "c"}));
  taken();
  shut_down();
  EXPECT_EQ(left, std::vector<std::string>{});
  const auto order = taken();
  ASSERT_EQ(order.size(), 4U);
  EXPECT_EQ(order.front(), "stop d");
  EXPECT_EQ(order.back(), "stop a");
  EXPECT_TRUE(supervisor.shutting_down());
}

TEST_F(Supervision, ShutdownStopsAllThatItMayAtOnce) {
  host.auto_stop = false;
  add(daemon("a"));
  add(daemon("b"));
  add(daemon("c", {"a"}));
  taken();
  shut_down();
  EXPECT_THAT(taken(), UnorderedElementsAre("stop b", "stop c"));
  EXPECT_FALSE(left);
  host.end("c", 0);
  EXPECT_THAT(taken(), ElementsAre("stop a"));
  host.end("a", 0);
  EXPECT_FALSE(left);
  host.end("b", 0);
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(Supervision, ShutdownUndoesJobsWhenTheirDependentsAreDown) {
  auto storage = job("find-storage");
  storage.provides = {"storage"};
  storage.stop.command = {"/bin/umount"};
  add(storage);
  add(daemon("boinc", {"storage"}));
  add(daemon("dropbear"));
  host.auto_stop = false;
  taken();
  shut_down();
  EXPECT_THAT(taken(), UnorderedElementsAre("stop boinc", "stop dropbear"));
  host.end("dropbear", 0);
  EXPECT_THAT(taken(), IsEmpty());
  host.end("boinc", 0);
  EXPECT_THAT(taken(), ElementsAre("undo find-storage"));
  host.tell("find-storage", Exited{.process = Process::StopCommand, .reason = FakeHost::exit_code(0)});
  EXPECT_EQ(left, std::vector<std::string>{});
}

/// A DHCP client's script sets the condition in its name.
TEST_F(Supervision, ShutdownUnmountsBeforeTheNetworkGoes) {
  auto mount = job("mount-nfs", {"net"});
  mount.provides = {"storage"};
  mount.stop.command = {"/bin/umount"};
  add(daemon("dhcp@eth0"));
  add(mount);
  supervisor.set_condition("net", "dhcp@eth0", "eth0 10.0.2.15/24");
  add(daemon("boinc", {"storage"}));
  host.auto_stop = false;
  taken();
  shut_down();
  EXPECT_THAT(taken(), ElementsAre("stop boinc"));
  host.end("boinc", 0);
  EXPECT_THAT(taken(), ElementsAre("undo mount-nfs"));
  host.tell("mount-nfs", Exited{.process = Process::StopCommand, .reason = FakeHost::exit_code(0)});
  EXPECT_THAT(taken(), ElementsAre("stop dhcp@eth0"));
  host.end("dhcp@eth0", 0);
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(Supervision, ALostNetworkTakesAMountedStorageFromNobody) {
  auto mount = job("mount-nfs", {"net"});
  mount.provides = {"storage"};
  mount.stop.command = {"/bin/umount"};
  add(daemon("dhcp@eth0", {"link:eth0"}));
  add(mount);
  add(daemon("boinc", {"storage"}));
  supervisor.set_condition("link:eth0", "kernel", "");
  supervisor.set_condition("net", "dhcp@eth0", "eth0 10.0.2.15/24");
  supervisor.clear_condition("link:eth0", "kernel");
  supervisor.clear_condition("net", "dhcp@eth0");
  EXPECT_EQ(state("dhcp@eth0"), "waiting");
  EXPECT_EQ(state("mount-nfs"), "done");
  EXPECT_EQ(state("boinc"), "running");
}

TEST_F(Supervision, AJobThatRunsDoesNotHoldUpWhatItNeededToBegin) {
  add(daemon("dhcp@eth0"));
  auto long_job = job("clock-assume", {"net"});
  ASSERT_TRUE(supervisor.add(long_job));
  supervisor.set_condition("net", "dhcp@eth0", "");
  ASSERT_EQ(state("clock-assume"), "running");
  ASSERT_TRUE(supervisor.stop("dhcp@eth0"));
  EXPECT_EQ(state("dhcp@eth0"), "stopped");
}

TEST_F(Supervision, WhoStopsOnAnAbandonedConditionIsKilled) {
  add(daemon("boinc", {"storage"}));
  add(daemon("other"));
  supervisor.set_condition("storage", "somebody", "");
  host.auto_stop = false;
  supervisor.abandon("storage");
  EXPECT_EQ(state("boinc"), "running") << "it is not being stopped";
  shut_down();
  supervisor.abandon("storage");
  EXPECT_EQ(state("boinc"), "stopped");
  EXPECT_EQ(state("other"), "stopping");
}

TEST_F(Supervision, ANoteStandsInTheStatusUntilTheNext) {
  add(daemon("a"));
  ASSERT_TRUE(supervisor.note("a", "its server does not answer", true));
  EXPECT_EQ(supervisor.status("a")->detail, "its server does not answer");
  ASSERT_TRUE(supervisor.note("a", "its server answers again", false));
  EXPECT_EQ(supervisor.status("a")->detail, std::nullopt);
  EXPECT_EQ(supervisor.note("nobody", "", true).error().code, ENOENT);
}

TEST_F(Supervision, ShutdownEndsRestarts) {
  add(daemon("a"));
  host.end("a", 1);
  host.end("a", 1);
  ASSERT_EQ(state("a"), "backoff");
  host.auto_stop = false;
  add(daemon("b"));
  taken();
  shut_down();
  EXPECT_EQ(state("a"), "stopped");
  host.end("b", 1);
  EXPECT_EQ(state("b"), "stopped") << "a crash during shutdown is an end like any other";
  EXPECT_EQ(left, std::vector<std::string>{});
  EXPECT_EQ(supervisor.start("a").error().code, ESHUTDOWN);
  EXPECT_EQ(supervisor.restart("a").error().code, ESHUTDOWN);
  supervisor.trigger("uevent:block");
  EXPECT_THAT(taken(), ElementsAre("stop b"));
}

TEST_F(Supervision, ShutdownEndsAtItsDeadlineAndNamesWhatIsLeft) {
  host.auto_stop = false;
  host.undying = {"a", "b"};
  auto a = daemon("a");
  a.stop.timeout = 1h;
  auto b = a;
  b.name = "b";
  add(a);
  add(b);
  add(daemon("c"));
  shut_down(60ms);
  EXPECT_FALSE(left);
  EXPECT_TRUE(until([&] { return left.has_value(); }));
  EXPECT_THAT(left.value(), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(host.taken(), AllOf(Contains("kill a"), Contains("kill b")));
}

TEST_F(Supervision, ShutdownOfNothingIsDoneAtOnce) {
  shut_down();
  EXPECT_EQ(left, std::vector<std::string>{});
  int again = 0;
  supervisor.shut_down(1s, [&](const auto&) { ++again; });
  EXPECT_EQ(again, 0) << "one shutdown is enough";
}

TEST_F(Supervision, AnEndlessUnitGraphOfManyStillSettles) {
  add(daemon("unit0"));
  for (int i = 1; i < 60; ++i) add(daemon("unit" + std::to_string(i), {"unit" + std::to_string(i - 1)}));
  EXPECT_EQ(state("unit59"), "running");
  ASSERT_TRUE(supervisor.stop("unit0"));
  EXPECT_EQ(state("unit59"), "waiting");
  EXPECT_EQ(state("unit0"), "stopped");
  shut_down();
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(Supervision, ACycleOfNeedsWaitsAndStillShutsDown) {
  add(daemon("a", {"b"}));
  add(daemon("b", {"a"}));
  EXPECT_EQ(state("a"), "waiting");
  shut_down();
  EXPECT_EQ(left, std::vector<std::string>{});
}

// --- conditions alone

TEST(HeldConditions, TellOfTheFirstAndTheLastHolder) {
  Conditions conditions;
  EXPECT_TRUE(conditions.set("net", "eth0", "10.0.0.1"));
  EXPECT_FALSE(conditions.set("net", "eth1", "10.0.0.2"));
  EXPECT_FALSE(conditions.clear("net", "eth0"));
  EXPECT_FALSE(conditions.clear("net", "eth0"));
  EXPECT_TRUE(conditions.is_set("net"));
  EXPECT_TRUE(conditions.clear("net", "eth1"));
  EXPECT_FALSE(conditions.is_set("net"));
  EXPECT_FALSE(conditions.clear("net", "eth1"));
}

// --- who goes first

TEST_F(Supervision, WhoGoesFirstAtShutdownHasStoppedBeforeAnythingElseIsToldTo) {
  auto registrar = daemon("registrar", {"net"});
  registrar.stop.first = true;
  add(registrar);
  add(daemon("exporter"));
  supervisor.set_condition("net", "eth0", "");
  taken();
  host.auto_stop = false;
  host.undying.insert("registrar");
  shut_down();
  EXPECT_THAT(taken(), ElementsAre("stop registrar"));
  EXPECT_EQ(state("exporter"), "running");
  host.end("registrar", 0);
  EXPECT_EQ(state("exporter"), "running") << "something of it is left";
  EXPECT_THAT(taken(), IsEmpty());
  host.tell("registrar", CgroupEmpty{});
  EXPECT_THAT(taken(), ElementsAre("stop exporter"));
  EXPECT_FALSE(left);
}

TEST_F(Supervision, WhoGoesFirstCostsNoMoreThanItsOwnTimeout) {
  auto registrar = daemon("registrar");
  registrar.stop.first = true;
  add(registrar);
  add(daemon("exporter"));
  host.stubborn.insert("registrar");
  shut_down();
  EXPECT_EQ(state("exporter"), "running");
  ASSERT_TRUE(until([this] { return left.has_value(); }));
  EXPECT_THAT(*left, IsEmpty());
  EXPECT_THAT(host.taken(), testing::IsSupersetOf({"kill registrar", "stop exporter"}));
}

TEST_F(Supervision, NobodyWaitsForAFirstOneThatDoesNotRun) {
  for (const char* name : {"waits", "rests", "failed"}) {
    auto first = name == std::string("failed") ? job(name) : daemon(name);
    first.stop.first = true;
    if (name == std::string("waits")) first.needs = {"net"};
    first.enabled = name != std::string("rests");
    host.auto_exit["failed"] = 1;
    add(first);
  }
  add(daemon("exporter"));
  shut_down();
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(Supervision, AFirstOneIsLikeAnyOtherUntilThen) {
  auto registrar = daemon("registrar", {"net"});
  registrar.stop.first = true;
  add(registrar);
  add(daemon("exporter"));
  supervisor.set_condition("net", "eth0", "");
  supervisor.clear_condition("net", "eth0");
  EXPECT_EQ(state("registrar"), "waiting");
  EXPECT_EQ(state("exporter"), "running");
}

}  // namespace
}  // namespace uebo::supervise::test
