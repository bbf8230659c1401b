#include "uebo/event/loop.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <span>
#include <string>

namespace uebo::event {

struct Loop::Watch {
  int fd;
  Priority priority;
  Handler handler;
  bool removed = false;
};

namespace {

constexpr std::size_t kEventsInATurn = 32;

/// A line about it may itself throw: then there is no line.
void say(const char* what) noexcept {
  try {
    spdlog::error("a handler of the event loop threw: {}", what);
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

/// Exceptions never reach the loop (STYLE.md); where memory has run out, the next turn may find some.
template <class Function, class... Arguments>
void call(const Function& function, Arguments... arguments) noexcept {
  try {
    function(arguments...);
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("something that is no std::exception");
  }
}

}  // namespace

Loop::Loop(UniqueFd epoll, UniqueFd timer, const Clock& clock)
    : clock_(clock), epoll_(std::move(epoll)), timer_(std::move(timer)) {}
Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::create() {
  static const Clock kBootClock;
  return create(kBootClock);
}

Result<std::unique_ptr<Loop>> Loop::create(const Clock& clock) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error("epoll_create1", "");
  UniqueFd timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return errno_error("timerfd_create", "");
  auto loop = std::unique_ptr<Loop>(new Loop(std::move(epoll), std::move(timer), clock));
  UEBO_TRY(loop->watch(loop->timer_.get(), EPOLLIN, [self = loop.get()](std::uint32_t) {
    std::uint64_t expirations = 0;
    if (read(self->timer_.get(), &expirations, sizeof expirations) > 0) self->fire_timers();
  }));
  return loop;
}

Result<> Loop::watch(int fd, std::uint32_t epoll_events, Handler handler, Priority priority) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return errno_error("epoll_ctl add", "descriptor " + std::to_string(fd));
  watches_[fd] = std::make_shared<Watch>(Watch{.fd = fd, .priority = priority, .handler = std::move(handler)});
  return {};
}

void Loop::remove(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  found->second->removed = true;
  watches_.erase(found);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::TimerId Loop::at(TimePoint when, std::function<void()> handler) {
  const TimerId id{next_timer_++};
  timers_.emplace(when, Timer{.id = id, .handler = std::move(handler)});
  arm_timer();
  return id;
}

void Loop::cancel(TimerId timer) {
  const auto found = std::ranges::find_if(timers_, [&](const auto& entry) { return entry.second.id == timer; });
  if (found == timers_.end()) return;
  timers_.erase(found);
  arm_timer();
}

void Loop::arm_timer() {
  itimerspec spec{};  // all zero disarms
  if (!timers_.empty()) {
    // A time in the past must still fire; an it_value of zero would disarm, so it is at least 1 ns.
    const auto when = std::max(timers_.begin()->first.time_since_epoch(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(when);
    spec.it_value.tv_sec = static_cast<time_t>(seconds.count());
    spec.it_value.tv_nsec = static_cast<long>((when - seconds).count());
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

std::optional<TimePoint> Loop::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

void Loop::fire_timers() {
  const TimePoint now = clock_.now();
  // Handlers may set and cancel timers: take one at a time, and none that was set meanwhile for later.
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto handler = std::move(timers_.begin()->second.handler);
    timers_.erase(timers_.begin());
    call(handler);
  }
  arm_timer();
}

Result<> Loop::turn(int timeout_milliseconds) {
  std::array<epoll_event, kEventsInATurn> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_milliseconds);
  if (count < 0 && errno == EINTR) return {};
  if (count < 0) return errno_error("epoll_wait", "");
  const auto fresh = std::span(events).first(static_cast<std::size_t>(count));

  // Nothing is allocated here: a turn without memory still serves whoever needs none.
  struct Ready {
    std::shared_ptr<Watch> watch;
    std::uint32_t bits = 0;
  };
  std::array<Ready, kEventsInATurn> ready;
  std::size_t taken = 0;
  for (const Priority priority : {Priority::Reap, Priority::Normal})
    for (const auto& event : fresh)
      if (const auto found = watches_.find(event.data.fd);
          found != watches_.end() && found->second->priority == priority)
        ready[taken++] = {.watch = found->second, .bits = event.events};
  for (const auto& [watch, bits] : std::span(ready).first(taken))
    if (!watch->removed) call(watch->handler, bits);
  return {};
}

Result<> Loop::run() {
  while (!stopping_) UEBO_TRY(turn(-1));
  return {};
}

Result<> Loop::run_once(Duration timeout) {
  return turn(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count()));
}

Result<UniqueFd> signal_descriptor(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return errno_error("sigprocmask", "");
  UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return errno_error("signalfd", "");
  return fd;
}

}  // namespace uebo::event
