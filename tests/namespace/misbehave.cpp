// A daemon that does what its arguments say, one after the other: every bad habit that a service can have, and a few
// good ones. What it does is in the table below.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace {

volatile sig_atomic_t caught = 0;

void on_signal(int signal) { caught = signal; }

void put(const std::string& text) {
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(99);
}

int signal_of(const std::string& name) {
  for (int number = 1; number < NSIG; ++number)
    if (const char* known = sigabbrev_np(number); known && name == known) return number;
  return std::atoi(name.c_str());
}

void nap() { usleep(10'000); }

[[noreturn]] void wait_forever() {
  for (;;) pause();
}

// --- the habits

void say(const std::string& text) { put(text + "\n"); }
void partial(const std::string& text) { put(text); }
void flood(const std::string& count) {
  for (int i = 0; i < std::atoi(count.c_str()); ++i) put("flood line " + std::to_string(i) + "\n");
}
/// Numbered lines of 100 bytes, as fast as that many MiB a second, for ever.
void torrent(const std::string& mebibytes) {
  constexpr int kLines = 640;  // of one write, 64 kB
  const double writes = std::atof(mebibytes.c_str()) * (1 << 20) / (kLines * 100);
  timespec next{};
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (long number = 0;;) {
    std::string block;
    for (int i = 0; i < kLines; ++i) {
      std::string line = "torrent line " + std::to_string(++number) + " ";
      block += line.append(99 - line.size(), '.') + "\n";
    }
    put(block);
    next.tv_nsec += static_cast<long>(1e9 / writes);
    next.tv_sec += next.tv_nsec / 1'000'000'000;
    next.tv_nsec %= 1'000'000'000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
}
void close_output(const std::string&) {
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
}
void ignore(const std::string& name) { signal(signal_of(name), SIG_IGN); }
void on(const std::string& name) {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(signal_of(name), &action, nullptr);
}
void until_signal(const std::string&) {
  while (caught == 0) nap();
  put("caught " + std::string(sigabbrev_np(caught)) + "\n");
}
void until_file(const std::string& path) {
  while (access(path.c_str(), F_OK) != 0) nap();
}
void append(const std::string& argument) {
  const auto colon = argument.find(':');
  const std::string line = argument.substr(colon + 1) + "\n";
  const int fd = open(argument.substr(0, colon).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, line.data(), line.size()) < 0) _exit(98);
  close(fd);
}
void child(const std::string&) {
  if (fork() == 0) wait_forever();
}
/// Double fork, session of its own, signals ignored: what a daemon of the old school leaves behind.
void descendant(const std::string&) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      signal(SIGTERM, SIG_IGN);
      signal(SIGHUP, SIG_IGN);
      wait_forever();
    }
    _exit(0);
  }
  wait(nullptr);
}
/// Held by every process that comes of this one. Ends with 95 where one of an earlier run still holds it.
void lock(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) _exit(95);
}
/// Every process of it makes another, for as long as that can be had.
[[noreturn]] void bomb(const std::string&) {
  for (;;)
    if (fork() < 0) nap();
}
/// Children whose parent is gone when they end: PID 1 has to reap them.
void orphans(const std::string& count) {
  for (int i = 0; i < std::atoi(count.c_str()); ++i) {
    if (fork() == 0) {
      if (fork() == 0) {
        nap();
        _exit(42);
      }
      _exit(0);
    }
    wait(nullptr);
  }
}
void eat(const std::string& mebibytes) {
  const std::size_t size = std::strtoul(mebibytes.c_str(), nullptr, 10) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) _exit(97);
}
void die_by(const std::string& name) {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(signal_of(name), SIG_DFL);
  raise(signal_of(name));
}
void exit_with(const std::string& code) { _exit(std::atoi(code.c_str())); }
void wait_for_ever(const std::string&) { wait_forever(); }
/// Ends with the code in the file, and goes on where there is none: what a test may change from outside.
void exit_by_file(const std::string& path) {
  FILE* file = fopen(path.c_str(), "re");
  if (!file) return;
  int code = 0;
  if (fscanf(file, "%d", &code) == 1) _exit(code);
  fclose(file);
}
/// Goes by, or makes a process that can't: is /proc/self/status what a test wants to see?
void show_status(const std::string&) {
  std::array<char, 4096> buffer{};
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  for (ssize_t count = read(fd, buffer.data(), buffer.size()); count > 0;
       count = read(fd, buffer.data(), buffer.size()))
    put(std::string(buffer.data(), static_cast<std::size_t>(count)));
  close(fd);
}
void show_file(const std::string& path) {
  std::array<char, 1024> buffer{};
  FILE* file = fopen(path.c_str(), "re");
  put(file && fgets(buffer.data(), buffer.size(), file) ? buffer.data() : std::string("cannot read ") + path + "\n");
  if (file) fclose(file);
}
void write_file(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  put(fd >= 0 ? "wrote " + path + "\n" : "cannot write " + path + ": " + strerror(errno) + "\n");
  if (fd >= 0) close(fd);
}

void show_environment(const std::string& name) {
  const char* value = getenv(name.c_str());
  put(name + " is " + (value ? value : "not set") + "\n");
}

// --- how it says that it is ready

void nap_for(const std::string& milliseconds) {
  usleep(static_cast<useconds_t>(std::atoi(milliseconds.c_str())) * 1000);
}
/// One datagram, as sd_notify(3) sends it; commas part the lines.
void notify(const std::string& lines) {
  const char* address = getenv("NOTIFY_SOCKET");
  if (!address) {
    put("there is no NOTIFY_SOCKET\n");
    return;
  }
  std::string text = lines;
  for (char& c : text)
    if (c == ',') c = '\n';
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::size_t size = std::min(strlen(address), sizeof name.sun_path);
  memcpy(name.sun_path, address, size);
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&name),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size)) < 0)
    put("notify: " + std::string(strerror(errno)) + "\n");
  close(fd);
}
void notify_by_child(const std::string& lines) {
  if (fork() == 0) {
    notify(lines);
    _exit(0);
  }
  wait(nullptr);
}
/// COUNT:MILLISECONDS: so many signs of life, one before each pause.
void ping(const std::string& argument) {
  for (int left = std::atoi(argument.c_str()); left > 0; --left) {
    notify("WATCHDOG=1");
    nap_for(argument.substr(argument.find(':') + 1));
  }
}
/// The first run only, which leaves the file behind.
void stuck_once(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  put("stuck now\n");
  wait_forever();
}
void notify_flood(const std::string& lines) {
  for (;;) notify(lines);
}
void ready_descriptor(const std::string& number) {
  const int fd = std::atoi(number.c_str());
  if (write(fd, "\n", 1) != 1) put("descriptor " + number + ": " + strerror(errno) + "\n");
  close(fd);
}
void listen_at(int family, const sockaddr* address, socklen_t size) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, address, size) != 0 || listen(fd, 5) != 0) put("listen: " + std::string(strerror(errno)) + "\n");
}
void listen_tcp(const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
  listen_at(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}
void listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  listen_at(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

struct Habit {
  std::string_view name;
  void (*act)(const std::string& argument);
};

constexpr std::array kHabits{
    Habit{"say", say},
    Habit{"partial", partial},
    Habit{"flood", flood},
    Habit{"torrent", torrent},
    Habit{"close-output", close_output},
    Habit{"ignore", ignore},
    Habit{"on", on},
    Habit{"until-signal", until_signal},
    Habit{"until-file", until_file},
    Habit{"append", append},
    Habit{"child", child},
    Habit{"descendant", descendant},
    Habit{"lock", lock},
    Habit{"bomb", bomb},
    Habit{"orphans", orphans},
    Habit{"eat", eat},
    Habit{"die-by", die_by},
    Habit{"exit", exit_with},
    Habit{"exit-by-file", exit_by_file},
    Habit{"wait", wait_for_ever},
    Habit{"show-status", show_status},
    Habit{"show-file", show_file},
    Habit{"write-file", write_file},
    Habit{"show-environment", show_environment},
    Habit{"nap", nap_for},
    Habit{"notify", notify},
    Habit{"notify-by-child", notify_by_child},
    Habit{"ping", ping},
    Habit{"stuck-once", stuck_once},
    Habit{"notify-flood", notify_flood},
    Habit{"ready-descriptor", ready_descriptor},
    Habit{"listen-tcp", listen_tcp},
    Habit{"listen-unix", listen_unix},
};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string argument = equals == std::string::npos ? "" : word.substr(equals + 1);
    bool known = false;
    for (const auto& habit : kHabits) {
      if (name != habit.name) continue;
      habit.act(argument);
      known = true;
    }
    if (!known) {
      put("misbehave: what is " + name + "?\n");
      return 2;
    }
  }
  return 0;
}
