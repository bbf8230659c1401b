#include "uebo/supervise/reload_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::supervise::test {
namespace {

using config::ServiceSpec;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ServiceChange::Kind;
using Follows = ServiceChange::Follows;

ServiceSpec spec(const std::string& name) {
  ServiceSpec made;
  made.name = name;
  made.command = {"/bin/" + name};
  made.origins = {name + ".json"};
  return made;
}

PresentService running(ServiceSpec of) { return {.spec = std::move(of), .active = true, .wanted = true}; }
PresentService stopped(ServiceSpec of) { return {.spec = std::move(of)}; }

/// "a changed nice: restarts"
std::vector<std::string> said(const ReloadPlan& plan) {
  std::vector<std::string> lines;
  for (const ServiceChange& change : plan.changes) {
    std::string line = change.name + " " + std::string(name_of(change.kind));
    for (const auto& key : change.keys) line += " " + std::string(key.name);
    lines.push_back(line + ": " + std::string(name_of(change.follows)));
  }
  return lines;
}

TEST(ReloadPlan, OfTheSameIsNothing) {
  const auto plan = plan_reload({running(spec("a")), stopped(spec("b"))}, {spec("a"), spec("b")}, {});
  EXPECT_THAT(plan.changes, IsEmpty());
  EXPECT_EQ(plan.unchanged, 2U);
}

TEST(ReloadPlan, WhatIsNewStartsUnlessItIsDisabled) {
  ServiceSpec off = spec("off");
  off.enabled = false;
  ServiceSpec asked = spec("getty@ttyS0");
  asked.on_demand = true;
  EXPECT_THAT(said(plan_reload({}, {spec("b"), off, spec("getty@"), asked}, {})),
              ElementsAre("b added: starts", "getty@ added: applies when it is asked for",
                          "getty@ttyS0 added: applies when it is asked for", "off added: stays off"));
}

TEST(ReloadPlan, WhatIsGoneStops) {
  EXPECT_THAT(said(plan_reload({running(spec("a")), stopped(spec("b"))}, {}, {})),
              ElementsAre("a removed: stops", "b removed: goes"));
}

TEST(ReloadPlan, OnlyWhatARunningProcessHasSeenRestartsIt) {
  ServiceSpec policy = spec("a");
  policy.longest_backoff = std::chrono::seconds(1);
  policy.description = "other";
  ServiceSpec environment = spec("b");
  environment.environment["X"] = "1";
  ServiceSpec log = spec("c");
  log.log.count = 9;
  EXPECT_THAT(
      said(plan_reload({running(spec("a")), running(spec("b")), running(spec("c"))}, {policy, environment, log}, {})),
      ElementsAre("a changed description longest_backoff: applies at once", "b changed environment: restarts",
                  "c changed log: applies at the next start"));
}

TEST(ReloadPlan, WhatDoesNotRunIsNotStarted) {
  ServiceSpec next = spec("a");
  next.nice = 3;
  EXPECT_THAT(said(plan_reload({stopped(spec("a"))}, {next}, {})),
              ElementsAre("a changed nice: applies at the next start"));
}

TEST(ReloadPlan, WhatIsBeingStoppedIsNotStartedAgain) {
  ServiceSpec next = spec("a");
  next.nice = 3;
  const PresentService leaving{.spec = spec("a"), .active = true, .wanted = false};
  EXPECT_THAT(said(plan_reload({leaving}, {next}, {})), ElementsAre("a changed nice: applies at the next start"));
}

TEST(ReloadPlan, WhatHasFailedIsTriedAnew) {
  ServiceSpec next = spec("a");
  next.command = {"/bin/other"};
  const PresentService failed{.spec = spec("a"), .active = false, .wanted = true, .tries = true};
  EXPECT_THAT(said(plan_reload({failed}, {next}, {})), ElementsAre("a changed command: restarts"));
}

TEST(ReloadPlan, AJobIsNotRunAgain) {
  ServiceSpec before = spec("a");
  before.type = config::ServiceType::Job;
  ServiceSpec next = before;
  next.command = {"/bin/other"};
  EXPECT_THAT(said(plan_reload({running(before)}, {next}, {})),
              ElementsAre("a changed command: applies at the next start"));
}

TEST(ReloadPlan, DisablingStopsAndEnablingStarts) {
  ServiceSpec off = spec("a");
  off.enabled = false;
  EXPECT_THAT(said(plan_reload({running(spec("a"))}, {off}, {})), ElementsAre("a changed enabled: stops"));
  EXPECT_THAT(said(plan_reload({stopped(spec("a"))}, {off}, {})), ElementsAre("a changed enabled: stays off"));
  EXPECT_THAT(said(plan_reload({stopped(off)}, {spec("a")}, {})), ElementsAre("a changed enabled: starts"));
}

TEST(ReloadPlan, WhatHasABadFileStaysAsItIs) {
  ServiceSpec next = spec("a");
  next.nice = 3;
  EXPECT_THAT(plan_reload({running(spec("a")), running(spec("b"))}, {next}, {"a", "b"}).changes, IsEmpty());
}

TEST(ReloadPlan, WhatIsBuiltInStays) {
  ServiceSpec job = spec("storage");
  job.origins.clear();
  EXPECT_THAT(plan_reload({running(job)}, {}, {}).changes, IsEmpty());
  ServiceSpec off = job;
  off.enabled = false;
  EXPECT_THAT(said(plan_reload({running(job)}, {off}, {})), ElementsAre("storage changed enabled: stops"));
}

TEST(ReloadPlan, InstancesFollowTheirTemplateOrTheirOwnFile) {
  ServiceSpec templ = spec("getty@");
  templ.terminal = "/dev/%i";
  const auto first = config::instantiate(templ, "ttyS0");
  const auto second = config::instantiate(templ, "ttyS1");
  ServiceSpec changed = templ;
  changed.nice = 3;
  ServiceSpec own = second;
  own.on_demand = true;
  EXPECT_THAT(said(plan_reload({running(first), running(second), stopped(templ)}, {changed, own}, {})),
              ElementsAre("getty@ changed nice: applies when it is asked for", "getty@ttyS0 changed nice: restarts"));
  EXPECT_THAT(said(plan_reload({running(first)}, {}, {})), ElementsAre("getty@ttyS0 removed: stops"));
}

}  // namespace
}  // namespace uebo::supervise::test
