// Wants, waits that last, and what a service says of itself, in the graph.
#include "timed_supervision.hpp"

namespace uebo::supervise::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Notified says(NotifyMessage message) { return {.message = std::move(message)}; }

config::ServiceSpec tells_ready(config::ServiceSpec spec) {
  spec.ready = config::ReadyNotify{};
  return spec;
}

// --- wants

TEST_F(TimedSupervision, AWantThatIsUpIsNotWaitedFor) {
  add(daemon("a"));
  add(daemon("b", {}, {"a"}));
  EXPECT_THAT(taken(), ElementsAre("launch a", "launch b"));
}

TEST_F(TimedSupervision, AWantIsWaitedForAndNothingStopsWhenItGoes) {
  add(tells_ready(daemon("a")));
  add(daemon("b", {}, {"a"}));
  EXPECT_EQ(state("b"), "waiting");
  EXPECT_THAT(supervisor.status("b")->waits_for, ElementsAre("a"));
  host.tell("a", says({.ready = true}));
  EXPECT_EQ(state("b"), "running");
  taken();
  ASSERT_TRUE(supervisor.stop("a"));
  EXPECT_THAT(taken(), ElementsAre("stop a"));
  EXPECT_EQ(state("b"), "running");
}

TEST_F(TimedSupervision, AWantIsWaitedForThirtySecondsAndThenNamed) {
  add(daemon("b", {}, {"clock"}));
  pass(29s);
  EXPECT_EQ(state("b"), "waiting");
  EXPECT_THAT(logged(), IsEmpty());
  pass(1s);
  EXPECT_EQ(state("b"), "running");
  EXPECT_THAT(logged(), HasSubstr("b: starts without clock: not there after 30 s\n"));
}

TEST_F(TimedSupervision, WhatIsNotThereOrNotWantedOrHasFailedIsNotWaitedFor) {
  auto off = daemon("off");
  off.enabled = false;
  add(off);
  host.auto_exit["fails"] = 1;
  auto fails = job("fails");
  fails.provides = {"storage"};
  add(fails);
  add(daemon("b", {}, {"nobody", "off", "fails", "storage"}));
  EXPECT_EQ(state("b"), "running");
}

TEST_F(TimedSupervision, WhatCrashesIsNotWaitedForWhileItIsBackedOff) {
  host.auto_launch = false;
  add(daemon("a"));
  add(daemon("b", {}, {"a"}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(state("b"), "waiting");
    host.end("a", 1);
  }
  EXPECT_EQ(state("a"), "backoff");
  EXPECT_EQ(state("b"), "starting");
}

TEST_F(TimedSupervision, AWantedConditionIsWaitedForWhileSomebodyMayProvideIt) {
  host.auto_launch = false;
  auto finds = job("finds");
  finds.provides = {"storage"};
  ASSERT_TRUE(supervisor.add(finds));
  add(daemon("b", {}, {"storage"}));
  EXPECT_EQ(state("b"), "waiting");
  host.tell("finds", Launched{});
  host.end("finds", 0);
  EXPECT_EQ(state("finds"), "done");
  EXPECT_EQ(state("b"), "starting");
}

TEST_F(TimedSupervision, ShutdownStopsWhoWantsBeforeWhatIsWanted) {
  add(daemon("a"));
  add(daemon("b", {}, {"a"}));
  host.auto_stop = false;
  taken();
  shut_down(100s);
  EXPECT_THAT(taken(), ElementsAre("stop b"));
  host.end("b", 0);
  EXPECT_THAT(taken(), ElementsAre("stop a"));
  host.end("a", 0);
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(TimedSupervision, ARingOfWantsAndNeedsDoesNotHoldUpAShutdown) {
  add(daemon("a", {}, {"b"}));
  add(daemon("b", {"a"}));
  pass(30s);
  ASSERT_EQ(state("a"), "running");
  ASSERT_EQ(state("b"), "running");
  taken();
  shut_down(100s);
  EXPECT_THAT(taken(), ElementsAre("stop b", "stop a")) << "the need counts";
  EXPECT_EQ(left, std::vector<std::string>{});
}

TEST_F(TimedSupervision, ARingOfWantsAloneDoesNotEither) {
  add(daemon("a", {}, {"b"}));
  add(daemon("b", {}, {"a"}));
  pass(30s);
  ASSERT_EQ(state("a"), "running");
  shut_down(100s);
  EXPECT_EQ(left, std::vector<std::string>{});
}

// --- readiness in the graph

TEST_F(TimedSupervision, DependentsStartWhenItIsReadyAndStopWhenItSaysThatItStops) {
  auto a = tells_ready(daemon("a"));
  a.provides = {"clock"};
  add(a);
  add(daemon("b", {"a"}));
  add(daemon("c", {"clock"}));
  EXPECT_EQ(state("a"), "running");
  EXPECT_FALSE(supervisor.status("a")->up);
  EXPECT_EQ(state("b"), "waiting");
  pass(2s);
  host.tell("a", says({.ready = true, .status = "serving"}));
  EXPECT_EQ(state("a"), "ready");
  EXPECT_EQ(state("b"), "running");
  EXPECT_EQ(state("c"), "running");
  EXPECT_EQ(supervisor.status("a")->running_for, 2s);
  EXPECT_EQ(supervisor.status("a")->ready_for, 0s);
  EXPECT_EQ(supervisor.status("a")->detail, "serving");
  host.tell("a", says({.stopping = true}));
  EXPECT_EQ(state("a"), "stopping");
  EXPECT_EQ(supervisor.status("a")->detail, "it said that it stops");
  EXPECT_EQ(state("b"), "waiting");
  EXPECT_EQ(state("c"), "waiting");
  host.end("a", 0);
  EXPECT_EQ(state("a"), "running") << "it is wanted";
  EXPECT_EQ(supervisor.status("a")->detail, std::nullopt) << "what the last run said is gone with it";
}

TEST_F(TimedSupervision, WhoIsNotReadyInTimeIsStartedAgain) {
  auto a = tells_ready(daemon("a"));
  a.ready_timeout = 5s;
  add(a);
  taken();
  pass(5s);
  EXPECT_THAT(taken(), ElementsAre("launch a"));
  EXPECT_EQ(supervisor.status("a")->last_exit, "not ready by its deadline") << "not how that was done";
  EXPECT_EQ(supervisor.status("a")->exits[static_cast<std::size_t>(ExitReason::Kind::StartDeadline)], 1U);
}

// --- waits that last

TEST_F(TimedSupervision, AWaitThatLastsIsToldAgainAndAgain) {
  add(daemon("boinc", {"storage", "clock"}));
  add(daemon("ntpd", {"net"}));
  pass(29s);
  EXPECT_THAT(logged(), IsEmpty());
  pass(1s);
  EXPECT_EQ(logged(),
            "still waiting for net: ntpd (since 30 s)\nstill waiting for storage, clock: boinc (since 30 s)\n");
  supervisor.set_condition("storage", "somebody", "");
  supervisor.set_condition("net", "eth0", "");
  logged();
  pass(59s);
  EXPECT_THAT(logged(), IsEmpty());
  pass(1s);
  EXPECT_EQ(logged(), "still waiting for clock: boinc (since 90 s)\n");
  EXPECT_EQ(supervisor.status("boinc")->waiting_for, 90s);
  pass(24h);
  EXPECT_THAT(logged(), HasSubstr("still waiting for clock: boinc (since 86"));
  supervisor.set_condition("clock", "ntpd", "");
  logged();
  pass(1h);
  EXPECT_THAT(logged(), Not(HasSubstr("waiting")));
}

TEST_F(TimedSupervision, AShutdownWaitsForNothing) {
  add(daemon("boinc", {"clock"}));
  shut_down(10s);
  EXPECT_EQ(left, std::vector<std::string>{});
  pass(1h);
  EXPECT_THAT(logged(), Not(HasSubstr("waiting")));
}

// --- exits that were lost

TEST_F(TimedSupervision, ALostExitIsAskedForAndTheServiceGoesOn) {
  add(daemon("a"));
  taken();
  host.lose("a");
  host.tell("a", CgroupEmpty{});
  EXPECT_THAT(taken(), ElementsAre("ask a", "launch a"));
  EXPECT_EQ(state("a"), "running");
}

TEST_F(TimedSupervision, ALostExitDoesNotHoldUpAStop) {
  host.auto_stop = false;
  add(daemon("a"));
  ASSERT_TRUE(supervisor.stop("a"));
  host.lose("a");
  pass(10s);
  EXPECT_EQ(state("a"), "stopped");
}

TEST_F(TimedSupervision, WhatIsStuckCostsItsDeadlinesAndALineAndGoesOnWhenItIsGone) {
  host.auto_stop = false;
  host.undying = {"a"};
  add(daemon("a"));
  add(daemon("b"));
  shut_down(100s);
  host.end("b", 0);
  host.tell("b", CgroupEmpty{});
  pass(19s);
  EXPECT_FALSE(left);
  pass(1s);
  ASSERT_TRUE(left) << "the stop timeout and the deadline of the kill";
  EXPECT_THAT(*left, ElementsAre("a"));
  EXPECT_THAT(logged(), HasSubstr("a: something survived SIGKILL"));
  EXPECT_EQ(supervisor.status("a")->detail, "stuck: something of it survived SIGKILL");
  host.undying.clear();
  host.lose("a");
  pass(10s);
  EXPECT_EQ(state("a"), "stopped") << "it is asked for again and again";
}

}  // namespace
}  // namespace uebo::supervise::test
