#include "uebo/init/watchdog_feeder.hpp"

#include <spdlog/spdlog.h>

#include "uebo/config/units.hpp"

namespace uebo::init {
namespace {

bool is_absent(int error) { return error == ENOENT || error == ENXIO || error == ENODEV; }

void tell(const kernel::WatchdogFacts& facts, std::chrono::seconds wanted) {
  spdlog::info("watchdog: {} resets the board when PID 1 is not well for {} s", facts.identity, facts.timeout.count());
  if (facts.timeout != wanted) spdlog::info("watchdog: it does not take the {} s of uebo.watchdog", wanted.count());
  if (facts.no_way_out)
    spdlog::info(
        "watchdog: it can't be stopped any more (nowayout): a board that is not cut off from power after a "
        "power-off starts again");
  if (!facts.boot_cause.empty()) spdlog::warn("watchdog: the last boot was ended by {}", facts.boot_cause);
}

}  // namespace

WatchdogFeeder::WatchdogFeeder(std::optional<std::chrono::seconds> timeout, Opener opener)
    : timeout_(timeout), opener_(std::move(opener)) {}

WatchdogFeeder::~WatchdogFeeder() { end_following(); }

Result<> WatchdogFeeder::arm() {
  if (!timeout_ || watchdog_) return {};
  auto calls = opener_();
  if (!calls && is_absent(calls.error().code)) {
    spdlog::debug("watchdog: there is none: {}", calls.error().message());
    return {};
  }
  if (!calls) return std::unexpected(std::move(calls).error());
  watchdog_ = kernel::Watchdog::start(*std::move(calls), *timeout_);
  tell(watchdog_->facts(), *timeout_);
  if (loop_) ask();
  return {};
}

void WatchdogFeeder::follow(event::Loop& loop, Question question) {
  loop_ = &loop;
  question_ = std::move(question);
  if (watchdog_) ask();
}

void WatchdogFeeder::end_following() {
  if (loop_ && timer_) loop_->cancel(*timer_);
  timer_.reset();
  loop_ = nullptr;
  question_ = {};
}

void WatchdogFeeder::ask() {
  if (!watchdog_) return;
  if (asked_) {
    ++withheld_;
    spdlog::error("watchdog: not fed: PID 1 has not answered itself for a third of {} s",
                  watchdog_->facts().timeout.count());
  }
  asked_ = true;
  const auto begun = question_([this] {
    asked_ = false;
    feed();
  });
  if (!begun) spdlog::error("watchdog: PID 1 can't ask itself: {}", begun.error().message());
  const auto third = std::chrono::duration_cast<Duration>(watchdog_->facts().timeout) / 3;
  timer_ = loop_->at(BootClock::now() + third, [this] { ask(); });
}

void WatchdogFeeder::feed() {
  if (!watchdog_) return;
  const auto fed = watchdog_->feed();
  if (fed)
    ++feeds_;
  else if (!failing_)
    spdlog::error("watchdog: {}", fed.error().message());
  failing_ = !fed;
}

void WatchdogFeeder::disarm() {
  if (!watchdog_) return;
  if (const auto disarmed = watchdog_->disarm(); !disarmed) spdlog::warn("watchdog: {}", disarmed.error().message());
  end_following();
  watchdog_.reset();
}

kernel::WatchdogStatus WatchdogFeeder::status() const {
  kernel::WatchdogStatus status;
  status.armed = watchdog_.has_value();
  status.feeds = feeds_;
  status.withheld = withheld_;
  if (watchdog_) {
    const kernel::WatchdogFacts& facts = watchdog_->facts();
    status.identity = facts.identity;
    status.timeout = facts.timeout;
    status.ended_last_boot = facts.ended_last_boot;
  }
  return status;
}

std::optional<std::chrono::seconds> watchdog_timeout(std::string_view setting) {
  const auto duration = config::parse_duration(setting);
  if (!duration) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(*duration);
}

}  // namespace uebo::init
