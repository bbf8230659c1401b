// The role boinc-keeper: what the client needs somebody for while it runs. It attaches it to the projects that kernel
// arguments name, gives each task processors of its own, slows all down while a chip is hot, and ends the one that eats
// all memory. It sleeps until something happens: a slot is filled (slots/N/init_data.xml, client/app_start.cpp), a
// task's process ends, the tasks wait for memory.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "uebo/base/directory.hpp"
#include "uebo/boinc/attachment.hpp"
#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/console_note.hpp"
#include "uebo/boinc/group_account.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/boinc/task_keeper.hpp"
#include "uebo/boinc/throttle.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/affinity.hpp"
#include "uebo/kernel/thermal.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kTurnPatience = 5s;  // for all that is asked in one turn
constexpr auto kClientPause = 1s;   // while the client does not answer
constexpr auto kQuiet = 60s;        // a client that starts is not yet one that does not answer
constexpr auto kSettled = 1s;       // after something has happened: the client has noticed it, too
constexpr auto kNextLook = 2min;    // a task that was suspended in memory goes on without a sign
constexpr auto kStall = 1s;
constexpr auto kStallWindow = 4s;

std::vector<Attachment> attachments_of(const config::KernelArgs& args) {
  std::vector<Attachment> attachments;
  if (const auto given = args.get("uebo.boinc.acctmgr"))
    if (auto account = config::parse_manager_account(*given)) attachments.emplace_back(std::move(*account));
  for (const std::string& given : args.all("uebo.boinc.project"))
    if (auto account = config::parse_project_account(given)) attachments.emplace_back(std::move(*account));
  return attachments;
}

/// The client's control group, which is another at each of its runs.
class Group {
 public:
  /// None while the client does not run.
  const kernel::Cgroup* now() {
    struct stat status{};
    if (stat(kClientGroup, &status) != 0) {
      group_.reset();
    } else if (!group_ || status.st_ino != inode_) {
      inode_ = status.st_ino;
      auto group = kernel::Cgroup::open(kClientGroup);
      group_ = group ? std::optional(std::move(*group)) : std::nullopt;
      ++run_;
    }
    return group_ ? &*group_ : nullptr;
  }
  /// Another number at each.
  [[nodiscard]] unsigned run() const { return run_; }

 private:
  std::optional<kernel::Cgroup> group_;
  ino_t inode_ = 0;
  unsigned run_ = 0;
};

class Keeper {
 public:
  Keeper(event::Loop& loop, std::string data, std::vector<Attachment> attachments, bool pins)
      : loop_(loop), data_(std::move(data)), attachments_(std::move(attachments)), tasks_(kClientGroupName, pins) {}

  Result<> start() {
    inotify_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify_) return errno_error("inotify_init1", "");
    UEBO_TRY(loop_.watch(inotify_.get(), EPOLLIN, [this](std::uint32_t) { on_slots(); }));
    signals_ = UEBO_TRY(event::signal_descriptor({SIGTERM, SIGINT}));
    UEBO_TRY(loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_stop(); }));
    schedule(loop_.now());
    on_temperature();
    return {};
  }

 private:
  // --- what wakes it

  void schedule(TimePoint when) {
    if (timer_ && when >= next_) return;
    if (timer_) loop_.cancel(*timer_);
    next_ = when;
    timer_ = loop_.at(when, [this] { turn(); });
  }

  void turn() {
    timer_.reset();
    const auto now = loop_.now();
    const auto kept = keep(now);
    tell(kept ? std::string() : kept.error().message(), now);
    if (!kept) {
      disconnect();
      schedule(now + kClientPause);
      return;
    }
    schedule(now + kNextLook);
    for (const Attachment& attachment : attachments_)
      if (!attachment.is_done()) schedule(std::max(attachment.due(), now + kClientPause));
  }

  void look_soon() {
    look_due_ = std::min(look_due_, loop_.now() + kSettled);
    schedule(look_due_);
  }

  void on_slots() {
    alignas(inotify_event) std::array<char, 4096> events{};
    while (read(inotify_.get(), events.data(), events.size()) > 0) continue;
    watch_slots();
    look_soon();
  }

  void on_stop() {
    if (const auto* const group = group_.now()) {
      tasks_.release(*group);
      set_share(*group, 1);
    }
    loop_.stop();
  }

  void on_temperature() {
    const auto zones = kernel::thermal_zones();
    if (const auto line = throttle_.look(zones, loop_.now())) tell_console(*line, throttle_.share() == 1);
    if (const auto* const group = group_.now(); group != nullptr && throttle_.share() != share_in(group_.run()))
      set_share(*group, throttle_.share());
    // A driver whose module comes late is found at a later look at the tasks.
    watches_heat_ = std::ranges::any_of(zones, [](const auto& zone) { return zone.limit.has_value(); });
    if (watches_heat_) loop_.at(loop_.now() + Throttle::kPeriod, [this] { on_temperature(); });
  }

  // --- what it does

  Result<> keep(TimePoint now) {
    UEBO_TRY(connect(now));
    if (look_due_ <= now) UEBO_TRY(look(now));
    // The client has one place for what it fetches for somebody.
    const auto busy = std::ranges::find_if(attachments_, &Attachment::keeps_connection);
    for (auto one = attachments_.begin(); one != attachments_.end(); ++one) {
      if (one->is_done() || one->due() > now || (busy != attachments_.end() && busy != one)) continue;
      if (const auto told = UEBO_TRY(one->step(*rpc_, now))) tell_console(told->text, told->good);
      if (one->keeps_connection()) return {};
    }
    // What is fetched for one that is not due yet is asked for over the same connection.
    if (std::ranges::none_of(attachments_, &Attachment::keeps_connection)) rpc_.reset();
    return {};
  }

  Result<> look(TimePoint now) {
    const auto* const group = group_.now();
    if (group != nullptr) {
      if (watched_run_ != group_.run()) watch_stalls(*group);
      UEBO_TRY(tasks_.look(*rpc_, *group));
      watch_ends();
    }
    watch_slots();
    if (!watches_heat_) on_temperature();
    look_due_ = now + kNextLook;
    return {};
  }

  void set_share(const kernel::Cgroup& group, double share) {
    const auto cores = kernel::usable_cores();
    const auto set = group.set("cpu.max", cpu_max_of(share, cores ? cores->size() : 1));
    if (set)
      share_ = {group_.run(), share};
    else
      spdlog::warn("{}", set.error().message());
  }
  /// Of a run that it has not set anything for, nobody knows: a keeper that was killed may have.
  [[nodiscard]] double share_in(unsigned run) const {
    return share_.first == run ? share_.second : std::numeric_limits<double>::quiet_NaN();
  }

  // --- what it watches

  void watch_slots() {
    const std::string slots = data_ + "/slots";
    inotify_add_watch(inotify_.get(), data_.c_str(), IN_CREATE | IN_ONLYDIR);
    inotify_add_watch(inotify_.get(), slots.c_str(), IN_CREATE | IN_ONLYDIR);
    const auto filled = entries_of(slots);
    if (!filled) return;
    for (const DirectoryEntry& slot : *filled) {
      // Of a file that is written all the time, as a task's own may be, one is enough: this one is written at a start.
      const std::string path = slots + "/" + slot.name;
      inotify_add_watch(inotify_.get(), (path + "/init_data.xml").c_str(), IN_CLOSE_WRITE);
      inotify_add_watch(inotify_.get(), path.c_str(), IN_MOVED_TO | IN_ONLYDIR);
    }
  }

  void watch_ends() {
    const auto processes = tasks_.processes();
    std::erase_if(ends_, [&](const auto& end) {
      if (std::ranges::find(processes, end.first) != processes.end()) return false;
      loop_.remove(end.second.get());
      return true;
    });
    for (const pid_t process : processes) {
      if (ends_.contains(process)) continue;
      UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
      if (!fd) {
        look_soon();
        continue;
      }
      const auto ended = [this, number = fd.get()](std::uint32_t) {
        loop_.remove(number);
        look_soon();
      };
      if (loop_.watch(fd.get(), EPOLLIN, ended)) ends_.emplace(process, std::move(fd));
    }
  }

  void watch_stalls(const kernel::Cgroup& group) {
    watched_run_ = group_.run();
    if (stalls_) loop_.remove(stalls_.get());
    auto trigger = group.memory_stall_trigger(kStall, kStallWindow);
    if (!trigger) {
      spdlog::info("stalls on memory are not watched: {}", trigger.error().message());
      stalls_.reset();
      return;
    }
    stalls_ = std::move(*trigger);
    const auto stalled = [this](std::uint32_t events) {
      if ((events & EPOLLERR) != 0) {
        loop_.remove(stalls_.get());
      } else {
        tasks_.set_pressed();
        look_soon();
      }
    };
    if (const auto watched = loop_.watch(stalls_.get(), EPOLLPRI, stalled); !watched)
      spdlog::warn("{}", watched.error().message());
  }

  // --- the client

  Result<> connect(TimePoint now) {
    if (rpc_) {
      rpc_->set_deadline(now + kTurnPatience);
      return {};
    }
    rpc_ = UEBO_TRY(connect_authorized(now + kTurnPatience, data_));
    return {};
  }

  void disconnect() {
    rpc_.reset();
    for (Attachment& attachment : attachments_) attachment.connection_lost();
  }

  void tell(const std::string& trouble, TimePoint now) {
    if (trouble.empty()) {
      answered_ = now;
      if (!trouble_.empty()) spdlog::info("the BOINC client answers");
      trouble_.clear();
    } else if (trouble != trouble_ && now - answered_ > kQuiet) {
      spdlog::warn("{}", trouble);
      trouble_ = trouble;
    }
  }

  event::Loop& loop_;
  std::string data_;
  std::vector<Attachment> attachments_;
  TaskKeeper tasks_;
  Throttle throttle_;
  Group group_;
  UniqueFd inotify_;
  UniqueFd signals_;
  UniqueFd stalls_;
  unsigned watched_run_ = 0;
  std::map<pid_t, UniqueFd> ends_;  // of tasks' processes
  std::pair<unsigned, double> share_{0, 1};
  bool watches_heat_ = false;
  std::optional<event::Loop::TimerId> timer_;
  TimePoint next_{};
  TimePoint look_due_{};
  std::optional<GuiRpc> rpc_;
  TimePoint answered_ = BootClock::now();
  std::string trouble_;
};

Result<> run(std::string data, const config::KernelArgs& args) {
  const auto loop = UEBO_TRY(event::Loop::create());
  Keeper keeper(*loop, std::move(data), attachments_of(args), args.get("uebo.boinc.pin") != "off");
  UEBO_TRY(keeper.start());
  return loop->run();
}

}  // namespace

int keeper_role(std::span<const std::string_view> arguments) {
  if (arguments.size() > 1) {
    spdlog::error("usage: boinc-keeper [DATA-DIRECTORY]");
    return 2;
  }
  const auto args = config::load_kernel_args();
  if (!args) {
    spdlog::error("{}", args.error().message());
    return 1;
  }
  const auto ended = run(arguments.empty() ? kDataDirectory : std::string(arguments.front()), *args);
  if (ended) return 0;
  spdlog::error("{}", ended.error().message());
  return 1;
}

}  // namespace uebo::boinc
