#include "uebo/logs/carrier.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace uebo::logs {
namespace {

using namespace std::chrono_literals;

constexpr auto kGather = 200ms;    // after the first sign of a new line
constexpr auto kNextRead = 20ms;   // there may be more
constexpr auto kReadAtLeast = 1s;  // while the other side is away
constexpr auto kLastWords = 1s;

}  // namespace

CarrierLoop::CarrierLoop(std::unique_ptr<event::Loop> loop, Follower follower, std::string path, Positions positions,
                         Carrier& carrier)
    : loop_(std::move(loop)),
      follower_(std::move(follower)),
      positions_path_(std::move(path)),
      carrier_(carrier),
      positions_(std::move(positions)) {}

CarrierLoop::~CarrierLoop() = default;

Result<std::unique_ptr<CarrierLoop>> CarrierLoop::create(const std::string& logs, const std::string& positions,
                                                         Carrier& carrier) {
  auto loop = UEBO_TRY(event::Loop::create());
  auto carried = load_positions(positions);
  auto follower = UEBO_TRY(Follower::create(logs, carried));
  std::unique_ptr<CarrierLoop> made(
      new CarrierLoop(std::move(loop), std::move(follower), positions, std::move(carried), carrier));
  made->signals_ = UEBO_TRY(event::signal_descriptor({SIGTERM, SIGINT}));
  UEBO_TRY(
      made->loop_->watch(made->signals_.get(), EPOLLIN, [raw = made.get()](std::uint32_t) { raw->loop_->stop(); }));
  return made;
}

Result<> CarrierLoop::run() {
  turn();
  UEBO_TRY(loop_->run());
  finish();
  return {};
}

void CarrierLoop::finish() {
  const TimePoint deadline = BootClock::now() + kLastWords;
  for (bool more = true; more;) {
    more = take_lines();
    work();
    const TimePoint next = due_.value_or(BootClock::now());
    if (next > deadline || BootClock::now() > deadline) break;
    std::this_thread::sleep_until(next);
    more |= due_.has_value();
  }
  save();
}

bool CarrierLoop::take_lines() {
  if (!carrier_.takes_more()) return false;
  auto lines = follower_.new_lines();
  if (lines.empty()) return false;
  carrier_.take(std::move(lines));
  return true;
}

void CarrierLoop::work() { due_ = carrier_.work(BootClock::now()); }

void CarrierLoop::turn() {
  const bool more = take_lines();
  work();
  save();
  sleep(more);
}

/// Once all is done the next sign of a new line wakes it, and nothing else does.
void CarrierLoop::sleep(bool more) {
  const TimePoint now = BootClock::now();
  if (more) return turn_at(now + kNextRead);
  if (due_) return turn_at(carrier_.takes_more() ? std::min<TimePoint>(*due_, now + kReadAtLeast) : *due_);
  if (const auto listening = listen(); !listening) turn_at(now + kReadAtLeast);
}

Result<> CarrierLoop::listen() {
  const int fd = follower_.descriptor();
  return loop_->watch(fd, EPOLLIN, [this, fd](std::uint32_t) {
    loop_->remove(fd);
    turn_at(BootClock::now() + kGather);
  });
}

void CarrierLoop::turn_at(TimePoint when) {
  loop_->at(when, [this] { turn(); });
}

void CarrierLoop::save() {
  Positions positions = positions_;
  for (const auto& [service, position] : carrier_.carried()) positions[service] = position;
  if (positions == positions_) return;
  positions_ = std::move(positions);
  if (const auto saved = save_positions(positions_path_, positions_); !saved)
    spdlog::warn("{}", saved.error().message());
}

}  // namespace uebo::logs
