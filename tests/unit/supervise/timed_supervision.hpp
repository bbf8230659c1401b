// A supervisor whose clock stands still unless a test moves it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "fake_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::supervise::test {

using namespace std::chrono_literals;

class HandClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  void set(TimePoint now) { now_ = now; }

 private:
  TimePoint now_{1000s};
};

/// A whole node's supervisor, so that a test may have several.
struct TimedNode {
  HandClock clock;
  std::unique_ptr<event::Loop> loop = event::Loop::create(clock).value();
  FakeHost host;
  LogCollector logs{*loop, testing::TempDir() + "uebo-timed-logs"};
  Supervisor supervisor{*loop, host, logs};
  std::optional<std::vector<std::string>> left;

  /// Serves all timers on the way.
  void pass(Duration time) {
    const TimePoint end = clock.now() + time;
    for (auto due = loop->next_timer(); due && *due <= end; due = loop->next_timer()) {
      clock.set(std::max(clock.now(), *due));
      loop->fire_timers();
    }
    clock.set(end);
  }
  void shut_down(Duration deadline) {
    supervisor.shut_down(deadline, [this](const auto& names) { left = names; });
  }
  std::string state(const std::string& name) { return state_of(supervisor, name); }
  static config::ServiceSpec daemon(const std::string& name, std::vector<std::string> needs = {},
                                    std::vector<std::string> wants = {}) {
    config::ServiceSpec spec;
    spec.name = name;
    spec.command = {"/bin/" + name};
    spec.needs = std::move(needs);
    spec.wants = std::move(wants);
    return spec;
  }
};

class TimedSupervision : public testing::Test, protected TimedNode {
 protected:
  TimedSupervision() {
    spdlog::default_logger_raw()->set_level(spdlog::level::off);
    logger_->set_pattern("%v");
    previous_ = spdlog::default_logger();
    spdlog::set_default_logger(logger_);
  }
  ~TimedSupervision() override {
    spdlog::set_default_logger(previous_);
    spdlog::default_logger_raw()->set_level(spdlog::level::info);
  }

  void add(config::ServiceSpec spec) {
    if (spec.type == config::ServiceType::Job) host.auto_exit.try_emplace(spec.name, 0);
    ASSERT_TRUE(supervisor.add(std::move(spec)));
  }
  static config::ServiceSpec job(const std::string& name, std::vector<std::string> needs = {}) {
    auto spec = daemon(name, std::move(needs));
    spec.type = config::ServiceType::Job;
    spec.restart = config::RestartPolicy::Never;
    return spec;
  }
  /// What was logged since the last look.
  std::string logged() {
    const std::string text = stream_.str();
    stream_.str("");
    return text;
  }
  std::vector<std::string> taken() { return host.taken_without_kills(); }

 private:
  std::ostringstream stream_;
  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(stream_));
  std::shared_ptr<spdlog::logger> previous_;
};

}  // namespace uebo::supervise::test
