// A daemon that does what its arguments say, one after the other: every bad habit that a service can have, and a few
// good ones. What it does is in the table below.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
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
    Habit{"orphans", orphans},
    Habit{"eat", eat},
    Habit{"die-by", die_by},
    Habit{"exit", exit_with},
    Habit{"exit-by-file", exit_by_file},
    Habit{"wait", wait_for_ever},
    Habit{"show-status", show_status},
    Habit{"show-file", show_file},
    Habit{"write-file", write_file},
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
