// `uebo drain`: waits until what BOINC's tasks have done is safe, and suspends them.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <csignal>
#include <optional>
#include <set>

#include "uebo/base/unique_fd.hpp"
#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/drain.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/config/units.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kRequestPatience = 30s;  // a busy board's client may take its time
constexpr auto kLookPause = 2s;
constexpr auto kReminder = 60s;     // between two lines on what is waited for
constexpr auto kMargin = 5min;      // a drain that is killed is forgotten so long after its patience
constexpr auto kDrainedTime = 24h;  // whoever has drained a node switches it off, or forgets it
constexpr Duration kUsualPatience = 2h;
constexpr int kUnsafeTasks = 7;
constexpr const char* kDrainUsage = "usage: uebo drain [--timeout DURATION] (2h), or uebo drain --undo\n";

struct Wish {
  bool undo = false;
  Duration patience = kUsualPatience;
};

std::optional<Wish> wish_of(std::span<const std::string_view> arguments) {
  Wish wish;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--undo") {
      wish.undo = true;
    } else if (arguments[i] == "--timeout" && i + 1 < arguments.size()) {
      const auto patience = config::parse_duration(arguments[++i]);
      if (!patience) return std::nullopt;
      wish.patience = *patience;
    } else {
      return std::nullopt;
    }
  }
  return wish;
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

int complain(const Error& error) {
  fmt::print(stderr, "uebo: drain: {}\n", error.message());
  return 1;
}

Result<GuiRpc> authorized() { return connect_authorized(BootClock::now() + kRequestPatience); }

/// Ctrl-C and its like become something to wait for; as before when it goes.
class Interruptions {
 public:
  Interruptions() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    fd_ = UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;
  ~Interruptions() {
    signalfd_siginfo taken{};
    while (read(fd_.get(), &taken, sizeof taken) > 0) {
    }
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  /// True: somebody interrupts.
  [[nodiscard]] bool wait(std::chrono::milliseconds time) const {
    pollfd wanted{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return poll(&wanted, 1, static_cast<int>(time.count())) > 0;
  }

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

std::string names_of(const std::vector<TaskAtWork>& tasks) {
  std::string names;
  for (const TaskAtWork& task : tasks)
    names += fmt::format("{}{} ({:.0f} s of CPU since its last checkpoint)", names.empty() ? "" : ", ", task.name,
                         std::max(0.0, task.cpu_time - task.checkpoint));
  return names;
}

/// Tells what becomes safe, and now and then what does not.
class Progress {
 public:
  void show(const std::vector<TaskAtWork>& unsafe, TimePoint now) {
    std::set<std::string> names;
    for (const TaskAtWork& task : unsafe) names.insert(task.name);
    for (const std::string& name : shown_)
      if (!names.contains(name)) say(name + " is safe");
    shown_ = std::move(names);
    if (unsafe.empty() || (told_ && now - *told_ < kReminder)) return;
    say("waiting for a checkpoint of " + names_of(unsafe));
    told_ = now;
  }

 private:
  std::set<std::string> shown_;
  std::optional<TimePoint> told_;
};

Result<> put_back(const Drain& drain) {
  auto rpc = UEBO_TRY(authorized());
  return drain.put_back(rpc);
}

Result<std::vector<TaskAtWork>> look(const Drain& drain) {
  auto rpc = UEBO_TRY(authorized());
  return drain.look(rpc);
}

Result<> suspend(Drain& drain) {
  auto rpc = UEBO_TRY(authorized());
  return drain.suspend(rpc, kDrainedTime);
}

int as_before(const Drain& drain, int code) {
  if (const auto back = put_back(drain); !back) return complain(back.error());
  return code;
}

int drain_tasks(Duration patience) {
  const TimePoint end = BootClock::now() + patience;
  const Interruptions interruptions;
  Drain drain;
  Progress progress;
  {
    auto rpc = authorized();
    if (!rpc && rpc.error().code == ECONNREFUSED) {
      say("no BOINC client runs: there is nothing to drain");
      return 0;
    }
    if (!rpc) return complain(rpc.error());
    if (const auto begun = drain.begin(*rpc, patience + kMargin); !begun) return complain(begun.error());
  }
  while (true) {
    const auto unsafe = look(drain);
    if (!unsafe) {
      complain(unsafe.error());
      return as_before(drain, 1);
    }
    const TimePoint now = BootClock::now();
    progress.show(*unsafe, now);
    if (unsafe->empty()) break;
    if (now >= end) {
      say("without a checkpoint: " + names_of(*unsafe) + "; the node works on as before");
      return as_before(drain, kUnsafeTasks);
    }
    if (interruptions.wait(kLookPause)) {
      say("interrupted: the node works on as before");
      return as_before(drain, 1);
    }
  }
  if (const auto suspended = suspend(drain); !suspended) {
    complain(suspended.error());
    return as_before(drain, 1);
  }
  say("all tasks are safe and suspended, until the node is started anew, `uebo drain --undo`, or for a day");
  return 0;
}

int undo_drain() {
  auto rpc = authorized();
  if (!rpc) return complain(rpc.error());
  if (const auto undone = Drain::undo(*rpc); !undone) return complain(undone.error());
  say("BOINC works again as it is set to");
  return 0;
}

}  // namespace

int drain_role(std::span<const std::string_view> arguments) {
  const auto wish = wish_of(arguments);
  if (!wish) {
    const bool help = arguments.size() == 1 && (arguments.front() == "--help" || arguments.front() == "-h");
    fmt::print(help ? stdout : stderr, "{}", kDrainUsage);
    return help ? 0 : 2;
  }
  return wish->undo ? undo_drain() : drain_tasks(wish->patience);
}

}  // namespace uebo::boinc
