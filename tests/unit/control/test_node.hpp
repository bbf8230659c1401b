// A supervisor with a handful of units and no processes.
#pragma once

#include <gtest/gtest.h>

#include "../kernel/test_tree.hpp"
#include "fake_processes.hpp"
#include "uebo/control/requests.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::control::test {

using kernel::test::TestTree;

class TestNode {
 public:
  TestNode() {
    add("web");
    add("boinc", {"storage"});
    config::ServiceSpec off = spec("off");
    off.enabled = false;
    add(std::move(off));
    config::ServiceSpec job = spec("probe");
    job.type = config::ServiceType::Job;
    job.restart = config::RestartPolicy::Never;
    job.triggers = {"uevent:block"};
    add(std::move(job));
    add(spec("getty@"));
  }

  static config::ServiceSpec spec(const std::string& name) {
    config::ServiceSpec spec;
    spec.name = name;
    spec.description = "the service " + name;
    spec.command = {"/usr/bin/" + name};
    return spec;
  }
  void add(const std::string& name, std::vector<std::string> needs = {}) {
    config::ServiceSpec added = spec(name);
    added.needs = std::move(needs);
    add(std::move(added));
  }
  void add(config::ServiceSpec added) {
    const auto result = supervisor.add(std::move(added));
    EXPECT_TRUE(result);
  }

  [[nodiscard]] ServerContext context() {
    ServerContext made;
    made.boot_phases = {
        {.name = "/usr", .started = TimePoint(std::chrono::seconds(2)), .ended = TimePoint(std::chrono::seconds(3))}};
    made.shut_down = [this](ShutdownKind kind) { shutdowns.push_back(kind); };
    made.version = "1.2.3";
    made.admission.owner = geteuid();
    return made;
  }
  [[nodiscard]] std::string state(const std::string& unit) const {
    const auto status = supervisor.status(unit);
    return status ? std::string(status->state) : "(none)";
  }

  TestTree tree;
  std::unique_ptr<event::Loop> loop = *event::Loop::create();
  FakeProcesses processes;
  supervise::LogCollector logs{*loop, tree.path("log")};
  supervise::Supervisor supervisor{*loop, processes, logs};
  std::vector<ShutdownKind> shutdowns;
};

}  // namespace uebo::control::test
