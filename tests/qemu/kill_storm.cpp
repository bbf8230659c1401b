// Runs in a guest, built statically for it: kills processes of services at random, as fast as PID 1 brings them back.
//   kill_storm GROUPS SERVICES KILLS DOWN SEED
//     GROUPS    the directory of the services' cgroups; SERVICES: a file with their names, one a line
//     KILLS     so many SIGKILL, each of a random process of a random service
//     DOWN      so many services at most are down at the same time, so that the others get some way
// A kill counts where the process was alive and of that service when the signal was sent: it is known by its pidfd. The
// service is struck again only when another process of it lives. Prints what it did, and ends with 1 when a service
// does not come back. It waits for what the kernel reports of the groups, never for a time.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kReturnDeadline{90};

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

/// As far as it can be read: a group or a process may go meanwhile.
std::string content_of(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  char buffer[4096];
  for (ssize_t count = 0; file.get() >= 0 && (count = read(file.get(), buffer, sizeof buffer)) > 0;)
    content.append(buffer, static_cast<std::size_t>(count));
  return content;
}

/// The value of "NAME:\tVALUE" in /proc/PID/status.
std::string status_field(const std::string& status, const std::string& name) {
  const auto start = status.find("\n" + name + ":\t");
  if (start == std::string::npos) return {};
  const auto value = start + name.size() + 3;
  return status.substr(value, status.find('\n', value) - value);
}

bool awaits_death(const std::string& status) {
  constexpr unsigned long long kKill = 1ULL << (SIGKILL - 1);
  const char state = status_field(status, "State").append("X").front();
  const auto pending = std::strtoull(status_field(status, "SigPnd").c_str(), nullptr, 16) |
                       std::strtoull(status_field(status, "ShdPnd").c_str(), nullptr, 16);
  return state == 'Z' || state == 'X' || (pending & kKill) != 0;
}

bool ended(const Descriptor& process, int milliseconds) {
  pollfd entry{.fd = process.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, milliseconds) > 0;
}

struct Service {
  std::string name;
  std::optional<Clock::time_point> down_since;
  pid_t victim = 0;
  unsigned kills = 0;
  Clock::duration longest{};
};

class Storm {
 public:
  Storm(std::string groups, std::vector<Service> services, unsigned kills, std::size_t down, unsigned seed)
      : groups_(std::move(groups)),
        services_(std::move(services)),
        kills_(kills),
        most_down_(down),
        random_(seed),
        new_groups_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    inotify_add_watch(new_groups_.get(), groups_.c_str(), IN_CREATE);
  }

  int run() {
    const auto started = Clock::now();
    while (hits_ < kills_ || count_down() > 0) {
      const auto watched = watch();
      for (Service& service : services_)
        if (!look_for_return(service)) return 1;
      if (hits_ < kills_ && count_down() < most_down_ && strike()) continue;
      wait_for_news(watched);
    }
    tell(Clock::now() - started);
    return 0;
  }

 private:
  [[nodiscard]] std::string group(const Service& service) const { return groups_ + "/" + service.name; }

  [[nodiscard]] std::size_t count_down() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(services_, [](const Service& s) { return s.down_since.has_value(); }));
  }

  [[nodiscard]] std::vector<pid_t> alive(const Service& service) const {
    std::vector<pid_t> found;
    std::istringstream processes(content_of(group(service) + "/cgroup.procs"));
    for (pid_t pid = 0; processes >> pid;)
      if (pid != service.victim && !awaits_death(content_of("/proc/" + std::to_string(pid) + "/status")))
        found.push_back(pid);
    return found;
  }

  /// False when it has been away for too long.
  bool look_for_return(Service& service) {
    if (!service.down_since) return true;
    const auto away = Clock::now() - *service.down_since;
    if (alive(service).empty()) {
      if (away < kReturnDeadline) return true;
      printf("%s did not come back within %.0f s, after %u kills\n", service.name.c_str(), seconds(away), hits_);
      return false;
    }
    service.longest = std::max(service.longest, away);
    returns_.push_back(away);
    service.down_since.reset();
    service.victim = 0;
    return true;
  }

  template <class Element>
  const Element& any_of(const std::vector<Element>& elements) {
    return elements[std::uniform_int_distribution<std::size_t>(0, elements.size() - 1)(random_)];
  }

  /// False where no service has a process that could be hit.
  bool strike() {
    std::vector<std::pair<Service*, std::vector<pid_t>>> targets;
    for (Service& service : services_) {
      if (service.down_since) continue;
      if (auto processes = alive(service); !processes.empty()) targets.emplace_back(&service, std::move(processes));
    }
    if (targets.empty()) return false;
    const auto& [service, processes] = any_of(targets);
    const pid_t pid = any_of(processes);
    if (!kill_if_alive(*service, pid)) {
      ++misses_;
      return true;
    }
    ++hits_;
    ++service->kills;
    service->victim = pid;
    service->down_since = Clock::now();
    return true;
  }

  /// While the pidfd shows no end, the number is still that process': what was read in between is about it.
  bool kill_if_alive(const Service& service, pid_t pid) {
    const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (process.get() < 0) return false;
    const std::string directory = "/proc/" + std::to_string(pid);
    const std::string status = content_of(directory + "/status");
    const bool of_service = content_of(directory + "/cgroup").ends_with("/" + service.name + "\n");
    if (!of_service || awaits_death(status) || ended(process, 0)) return false;
    if (syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) return false;
    if (status_field(status, "PPid") == "1") ++own_children_;
    constexpr int kEnd = 30'000;
    if (ended(process, kEnd)) return true;
    printf("%s: process %d is still there 30 s after SIGKILL\n", service.name.c_str(), pid);
    return false;
  }

  /// cgroup.events of each service that is down, read: poll(2) shows what has changed since.
  [[nodiscard]] std::vector<Descriptor> watch() const {
    std::vector<Descriptor> watched;
    for (const Service& service : services_) {
      Descriptor events(open((group(service) + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
      char buffer[256];
      if (events.get() >= 0 && read(events.get(), buffer, sizeof buffer) > 0) watched.push_back(std::move(events));
    }
    return watched;
  }

  void wait_for_news(const std::vector<Descriptor>& watched) {
    std::vector<pollfd> entries{{.fd = new_groups_.get(), .events = POLLIN, .revents = 0}};
    for (const Descriptor& events : watched) entries.push_back({.fd = events.get(), .events = POLLPRI, .revents = 0});
    constexpr int kLookAnyway = 1000;
    poll(entries.data(), entries.size(), kLookAnyway);
    char buffer[4096];
    while (read(new_groups_.get(), buffer, sizeof buffer) > 0) continue;
  }

  void tell(Clock::duration took) {
    for (const Service& service : services_)
      printf("%s: %u kills, away for %.2f s at most\n", service.name.c_str(), service.kills, seconds(service.longest));
    std::ranges::sort(returns_);
    const auto slowest = std::ranges::max_element(services_, {}, &Service::longest);
    printf(
        "%u kills of live processes of %zu services in %.1f s, %u of them PID 1's own children, %u too late; away for "
        "%.2f s in "
        "the middle, %.2f s at most (%s)\n",
        hits_, services_.size(), seconds(took), own_children_, misses_, seconds(returns_[returns_.size() / 2]),
        seconds(returns_.back()), slowest->name.c_str());
  }

  std::string groups_;
  std::vector<Service> services_;
  unsigned kills_;
  std::size_t most_down_;
  std::mt19937 random_;
  Descriptor new_groups_;
  unsigned hits_ = 0;
  unsigned misses_ = 0;
  unsigned own_children_ = 0;
  std::vector<Clock::duration> returns_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  std::vector<Service> services;
  std::istringstream names(content_of(argv[2]));
  for (std::string name; names >> name;)
    services.push_back({.name = name, .down_since = {}, .victim = 0, .kills = 0, .longest = {}});
  if (services.empty()) return 2;
  const auto number = [&](int word) { return static_cast<unsigned>(std::strtoul(argv[word], nullptr, 10)); };
  return Storm(argv[1], std::move(services), number(3), number(4), number(5)).run();
}
