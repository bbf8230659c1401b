#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "fake_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::supervise::test {
namespace {

using namespace std::chrono_literals;
using config::ServiceSpec;
using testing::ElementsAre;
using testing::IsEmpty;

class Reload : public testing::Test {
 protected:
  Reload() { spdlog::default_logger_raw()->set_level(spdlog::level::off); }
  ~Reload() override { spdlog::default_logger_raw()->set_level(spdlog::level::info); }

  static ServiceSpec daemon(const std::string& name, std::vector<std::string> needs = {}) {
    ServiceSpec spec;
    spec.name = name;
    spec.command = {"/bin/" + name};
    spec.needs = std::move(needs);
    spec.origins = {name + ".json"};
    return spec;
  }
  void begin_with(std::vector<ServiceSpec> specs) {
    for (const ServiceSpec& spec : specs) ASSERT_TRUE(supervisor.add(spec));
    files = std::move(specs);
    taken();
  }
  ServiceSpec& file(const std::string& name) { return *std::ranges::find(files, name, &ServiceSpec::name); }
  std::size_t reload(const std::set<std::string>& kept = {}) {
    const auto plan = supervisor.reload(files, kept);
    EXPECT_TRUE(plan);
    return plan ? plan->changes.size() : 0;
  }
  std::string state(const std::string& name) { return state_of(supervisor, name); }
  std::vector<std::string> taken() { return host.taken_without_kills(); }

  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  FakeHost host;
  LogCollector logs{*loop, testing::TempDir() + "uebo-reload-logs"};
  Supervisor supervisor{*loop, host, logs};
  std::vector<ServiceSpec> files;
};

TEST_F(Reload, OfTheSameFilesTouchesNothing) {
  begin_with({daemon("a"), daemon("b", {"a"})});
  EXPECT_EQ(reload(), 0U);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Reload, APlanChangesNothing) {
  begin_with({daemon("a")});
  file("a").nice = 3;
  files.push_back(daemon("b"));
  EXPECT_EQ(supervisor.plan_reload(files, {}).changes.size(), 2U);
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(state("b"), "unknown");
}

TEST_F(Reload, RestartsExactlyWhatChanged) {
  begin_with({daemon("a"), daemon("b"), daemon("c")});
  file("b").environment["X"] = "1";
  reload();
  EXPECT_THAT(taken(), ElementsAre("stop b", "launch b"));
  EXPECT_EQ(state("b"), "running");
  EXPECT_EQ(reload(), 0U);
}

TEST_F(Reload, RestartsWhatNeedsIt) {
  begin_with({daemon("a"), daemon("b", {"a"})});
  file("a").nice = 1;
  reload();
  EXPECT_THAT(taken(), ElementsAre("stop b", "stop a", "launch a", "launch b"));
}

TEST_F(Reload, TheOldOneIsStoppedAsItsOldFileSays) {
  begin_with({daemon("a")});
  host.auto_stop = false;
  file("a").nice = 1;
  file("a").description = "new";
  reload();
  EXPECT_EQ(supervisor.status("a")->description, "") << "until nothing of the old one is left";
  EXPECT_EQ(state("a"), "stopping");
  host.end("a", 0);
  EXPECT_EQ(state("a"), "running");
  EXPECT_EQ(supervisor.status("a")->description, "new");
}

TEST_F(Reload, APolicyAppliesAtOnce) {
  begin_with({daemon("a")});
  file("a").restart = config::RestartPolicy::Never;
  file("a").description = "new";
  reload();
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(supervisor.status("a")->description, "new");
  host.end("a", 1);
  EXPECT_EQ(state("a"), "failed") << "it is not started again";
}

TEST_F(Reload, ANeedThatIsNotMetStopsIt) {
  begin_with({daemon("a")});
  file("a").needs = {"storage"};
  reload();
  EXPECT_EQ(state("a"), "waiting");
  supervisor.set_condition("storage", "x", "");
  EXPECT_EQ(state("a"), "running");
}

TEST_F(Reload, AddsAndStarts) {
  begin_with({daemon("a")});
  ServiceSpec off = daemon("off");
  off.enabled = false;
  files.push_back(daemon("b", {"a"}));
  files.push_back(off);
  reload();
  EXPECT_THAT(taken(), ElementsAre("launch b"));
  EXPECT_EQ(state("off"), "stopped");
}

TEST_F(Reload, RemovesOnceNothingOfItIsLeft) {
  begin_with({daemon("a"), daemon("b")});
  host.auto_stop = false;
  files.erase(files.begin());
  reload();
  EXPECT_EQ(state("a"), "stopping");
  EXPECT_EQ(supervisor.start("a").error().code, ENOENT) << "it is as good as gone";
  host.end("a", 0);
  EXPECT_EQ(state("a"), "unknown");
  EXPECT_EQ(state("b"), "running");
  EXPECT_TRUE(host.released.contains("a"));
}

TEST_F(Reload, WhatComesBackWhileItIsBeingRemovedIsMadeAnew) {
  begin_with({daemon("a")});
  host.auto_stop = false;
  const auto before = std::exchange(files, {});
  reload();
  files = before;
  file("a").nice = 7;
  reload();
  host.end("a", 0);
  EXPECT_EQ(state("a"), "running");
  EXPECT_THAT(taken(), ElementsAre("stop a", "launch a"));
}

TEST_F(Reload, DisablesAndEnables) {
  begin_with({daemon("a")});
  file("a").enabled = false;
  reload();
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_FALSE(supervisor.status("a")->enabled);
  file("a").enabled = true;
  reload();
  EXPECT_EQ(state("a"), "running");
}

TEST_F(Reload, DoesNotStartWhatPeopleHaveStopped) {
  begin_with({daemon("a")});
  ASSERT_TRUE(supervisor.stop("a"));
  taken();
  file("a").nice = 1;
  reload();
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Reload, TriesAnewWhatHadFailed) {
  begin_with({});
  ServiceSpec bad = daemon("a");
  bad.restart = config::RestartPolicy::Never;
  host.auto_exit["a"] = 1;
  begin_with({bad});
  EXPECT_EQ(state("a"), "failed");
  host.auto_exit.clear();
  file("a").command = {"/bin/other"};
  reload();
  EXPECT_EQ(state("a"), "running");
}

TEST_F(Reload, WhatHasABadFileStays) {
  begin_with({daemon("a"), daemon("b")});
  files.erase(files.begin());
  EXPECT_EQ(reload({"a"}), 0U);
  EXPECT_EQ(state("a"), "running");
}

TEST_F(Reload, AnotherTypeIsAnotherUnit) {
  begin_with({daemon("a")});
  file("a").type = config::ServiceType::Job;
  host.auto_exit["a"] = 0;
  reload();
  EXPECT_EQ(state("a"), "done");
  EXPECT_TRUE(supervisor.status("a")->job);
}

TEST_F(Reload, ReachesInstances) {
  ServiceSpec templ = daemon("getty@");
  begin_with({templ});
  ASSERT_TRUE(supervisor.start("getty@ttyS0"));
  ASSERT_TRUE(supervisor.start("getty@ttyS1"));
  ServiceSpec own = config::instantiate(templ, "ttyS1");
  own.nice = 3;
  own.on_demand = true;
  files.push_back(own);
  taken();
  reload();
  EXPECT_THAT(taken(), ElementsAre("stop getty@ttyS1", "launch getty@ttyS1"));
  file("getty@").environment["X"] = "1";
  reload();
  EXPECT_THAT(taken(), ElementsAre("stop getty@ttyS0", "launch getty@ttyS0"));
  files.clear();
  reload();
  EXPECT_EQ(state("getty@ttyS0"), "unknown");
  EXPECT_EQ(supervisor.start("getty@ttyS5").error().code, ENOENT);
}

TEST_F(Reload, AnInstanceWithAFileOfItsOwnIsMadeOfItWhenItIsAskedFor) {
  ServiceSpec own = daemon("getty@ttyS0");
  own.on_demand = true;
  own.description = "mine";
  begin_with({daemon("getty@"), own});
  EXPECT_EQ(state("getty@ttyS0"), "unknown");
  ASSERT_TRUE(supervisor.start_if_enabled("getty@ttyS0"));
  EXPECT_EQ(state("getty@ttyS0"), "running");
  EXPECT_EQ(supervisor.status("getty@ttyS0")->description, "mine");
  EXPECT_EQ(reload(), 0U);
}

TEST_F(Reload, TheNodeDoesNotStartWhatIsDisabled) {
  ServiceSpec templ = daemon("getty@");
  templ.enabled = false;
  begin_with({templ});
  ASSERT_TRUE(supervisor.start_if_enabled("getty@ttyS0"));
  EXPECT_EQ(state("getty@ttyS0"), "stopped");
  ASSERT_TRUE(supervisor.start("getty@ttyS0"));
  EXPECT_EQ(state("getty@ttyS0"), "running") << "people may";
}

TEST_F(Reload, WhatIsBuiltInStays) {
  ServiceSpec job = daemon("storage");
  job.origins.clear();
  begin_with({job, daemon("a")});
  EXPECT_EQ(supervisor.built_in().size(), 1U);
  files.clear();
  reload();
  EXPECT_EQ(state("storage"), "running");
  EXPECT_EQ(state("a"), "unknown");
}

TEST_F(Reload, OriginsOfWhatSaysTheSameAreNoted) {
  begin_with({daemon("a")});
  file("a").origins.emplace_back("overlay.json");
  EXPECT_EQ(reload(), 0U);
  host.end("a", 1);  // it is started again, and prepared from its files
  EXPECT_EQ(host.last_origins, (std::vector<std::string>{"a.json", "overlay.json"}));
}

TEST_F(Reload, IsRefusedDuringAShutdown) {
  begin_with({daemon("a")});
  host.auto_stop = false;
  supervisor.shut_down(5s, [](const auto&) {});
  EXPECT_EQ(supervisor.reload(files, {}).error().code, ESHUTDOWN);
}

}  // namespace
}  // namespace uebo::supervise::test
