// The real host with real processes, where this machine has a cgroup2 file system that the test may fill.
#pragma once

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "uebo/base/file.hpp"
#include "uebo/kernel/cgroup.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/supervise/process_host.hpp"

namespace uebo::supervise::test {

using namespace std::chrono_literals;

inline std::string text_of(const NotifyMessage& message) {
  std::string text;
  if (message.ready) text += " ready";
  if (message.stopping) text += " stopping";
  if (message.watchdog) text += " watchdog";
  if (message.watchdog_trigger) text += " stuck";
  if (message.status) text += " (" + *message.status + ")";
  return text;
}

/// What a Process' end looks like in the events that a test has seen.
inline std::string text_of(const Event& event) {
  if (std::holds_alternative<Launched>(event)) return "launched";
  if (const auto* failed = std::get_if<LaunchFailed>(&event)) return "launch failed: " + failed->why.text();
  if (const auto* exited = std::get_if<Exited>(&event)) return "exited: " + exited->reason.text();
  if (const auto* notified = std::get_if<Notified>(&event)) return "notified" + text_of(notified->message);
  return "empty";
}

class RealProcesses : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "uebo-host-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    const auto all = kernel::mounts();
    ASSERT_TRUE(all);
    for (const auto& mount : *all)
      if (mount.type == "cgroup2") cgroup_ = mount.target + "/uebo-host-test-" + std::to_string(getpid());
    if (cgroup_.empty()) GTEST_SKIP() << "no cgroup2 file system is mounted";
    auto group = kernel::Cgroup::create(cgroup_);
    if (!group) GTEST_SKIP() << group.error().message();
    group_ = std::move(*group);
    loop_ = event::Loop::create().value();
    signals_ = event::signal_descriptor({SIGCHLD}).value();
    logs_ = std::make_unique<LogCollector>(*loop_, root_);
    host_ = std::make_unique<SystemProcessHost>(*loop_, *logs_, cgroup_);
    host_->set_sink([this](const std::string&, const Event& event) { events_.push_back(text_of(event)); });
    ASSERT_TRUE(loop_->watch(
        signals_.get(), EPOLLIN,
        [this](std::uint32_t) {
          signalfd_siginfo info{};
          while (read(signals_.get(), &info, sizeof info) > 0) continue;
          host_->reap();
        },
        event::Priority::Reap));
  }
  void TearDown() override {
    std::filesystem::remove_all(root_);
    if (group_.directory() < 0) return;
    (void)group_.kill();
    until([this] { return !group_.populated().value_or(false); });
    if (loop_) loop_->remove(signals_.get());
    host_.reset();
    EXPECT_TRUE(group_.remove());
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
  }

  static config::ServiceSpec shell(const std::string& script) {
    config::ServiceSpec spec;
    spec.name = "test";
    spec.command = {"/bin/sh", "-c", script};
    return spec;
  }
  template <class Done>
  bool until(Done done) {
    const TimePoint deadline = BootClock::now() + 10s;
    while (!done() && BootClock::now() < deadline) (void)loop_->run_once(20ms);
    return done();
  }
  bool seen(const std::string& event) const { return std::ranges::find(events_, event) != events_.end(); }
  std::string log() const { return read_file(root_ + "/test/current").value_or(""); }

  std::string root_;
  std::string cgroup_;
  kernel::Cgroup group_;
  std::unique_ptr<event::Loop> loop_;
  UniqueFd signals_;
  std::unique_ptr<LogCollector> logs_;
  std::unique_ptr<SystemProcessHost> host_;
  std::vector<std::string> events_;
};

}  // namespace uebo::supervise::test
