#include "uebo/init/crash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csignal>
#include <functional>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace uebo::init {
namespace {

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr int kRebooted = 42;

/// How a process ended that handled its crashes, and what it said.
struct Ended {
  int status = 0;
  std::string report;
  [[nodiscard]] bool rebooted() const { return WIFEXITED(status) && WEXITSTATUS(status) == kRebooted; }
};

int written_out = -1;  // a pipe's end: whoever writes to disks writes a byte there

CrashActions actions(int report) {
  return {.report = report,
          .write_out =
              [] {
                if (write(written_out, "w", 1) < 0) _exit(1);
              },
          // Not _exit(2), before which the address sanitizer looks at the stack at length, and again in each crash.
          .reboot = [] { syscall(SYS_exit_group, kRebooted); },
          .patience = 10s};
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(fd, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

/// Runs it in a process of its own, with that process' crashes handled.
Ended run(const std::function<void()>& crash, const std::function<void(CrashActions&)>& change = {}) {
  std::array<int, 2> report{};
  std::array<int, 2> disk{};
  EXPECT_EQ(pipe(report.data()), 0);
  EXPECT_EQ(pipe(disk.data()), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    written_out = disk[1];
    CrashActions made = actions(report[1]);
    if (change) change(made);
    if (!handle_crashes(made)) _exit(3);
    crash();
    _exit(0);
  }
  close(report[1]);
  close(disk[1]);
  Ended ended;
  ended.report = read_all(report[0]);
  waitpid(pid, &ended.status, 0);
  ended.report += read_all(disk[0]) == "w" ? "(written out)" : "(not written out)";
  close(report[0]);
  close(disk[0]);
  return ended;
}

[[gnu::noinline]] void innermost() {
  raise(SIGSEGV);
  asm volatile("" ::: "memory");  // no tail call: the frame is to be there
}
[[gnu::noinline]] void outermost() {
  innermost();
  asm volatile("" ::: "memory");
}

std::vector<unsigned long> addresses(const std::string& report) {
  std::vector<unsigned long> found;
  const std::regex line("backtrace of [0-9a-f]+:(( 0x[0-9a-f]+)+)\n");
  const std::regex word("0x[0-9a-f]+");
  for (std::sregex_iterator entry(report.begin(), report.end(), line), end; entry != end; ++entry) {
    const std::string words = (*entry)[1];
    for (std::sregex_iterator one(words.begin(), words.end(), word); one != end; ++one)
      found.push_back(std::stoul(one->str(), nullptr, 16));
  }
  return found;
}

TEST(Crash, OfEachKindIsReportedWrittenOutAndEndsInAReboot) {
  const std::vector<std::pair<int, std::string>> signals{
      {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGABRT, "SIGABRT"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}};
  for (const auto& [signal, name] : signals) {
    const Ended ended = run([signal] { raise(signal); });
    EXPECT_TRUE(ended.rebooted()) << name;
    EXPECT_THAT(ended.report, HasSubstr("<2>uebo: PID 1 has crashed: " + name));
    EXPECT_THAT(ended.report,
                HasSubstr("<2>uebo: what was to be written to disks is written; rebooting\n(written out)"));
  }
}

TEST(Crash, ByAWildPointerTellsItsAddress) {
  const Ended ended = run([] {
    volatile auto* wild = reinterpret_cast<int*>(0x10);
    *wild = 1;
  });
  EXPECT_TRUE(ended.rebooted());
  EXPECT_THAT(ended.report, HasSubstr("SIGSEGV at address 0x10\n"));
}

TEST(Crash, BySomebodyElsesSignalTellsWhoSentIt) {
  const Ended ended = run([] {
    const pid_t victim = getpid();
    if (fork() == 0) {
      signal(SIGSEGV, SIG_DFL);
      kill(victim, SIGSEGV);
      _exit(0);
    }
    for (;;) pause();
  });
  EXPECT_TRUE(ended.rebooted());
  EXPECT_THAT(ended.report, ContainsRegex("SIGSEGV, sent by process [0-9]+\n"));
}

TEST(Crash, TellsTheBuildAndTheWayThroughItsFrames) {
  const Ended ended = run(outermost);
  ASSERT_STRNE(build_id(), "");
  EXPECT_THAT(ended.report, HasSubstr(std::string("backtrace of ") + build_id() + ":"));
  const auto way = addresses(ended.report);
  ASSERT_GE(way.size(), 4U) << ended.report;
  // As the file has them: the way back is found wherever the program has been loaded.
  const auto here = std::bit_cast<std::uintptr_t>(&outermost);
  extern const char begin __asm__("__executable_start");
  const auto in_file = [&](std::uintptr_t address) { return address - reinterpret_cast<std::uintptr_t>(&begin); };
  EXPECT_TRUE(std::ranges::any_of(way, [&](auto at) { return at > in_file(here) && at < in_file(here) + 256; }))
      << ended.report;
}

TEST(Crash, OfAnExceptionThatNobodyCaughtHasItsText) {
  const std::function<void()> thrower = [] { throw std::runtime_error("the reason"); };
  const Ended ended = run([&]() noexcept { thrower(); });
  EXPECT_TRUE(ended.rebooted());
  EXPECT_THAT(ended.report, HasSubstr("SIGABRT, an exception that nobody caught: the reason\n"));
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
[[gnu::noinline]] int overflow(int depth) {
  std::array<volatile char, 4096> space{};
  space.front() = static_cast<char>(depth);
  return overflow(depth + 1) + space.front();
}

TEST(Crash, ByAnOverflowOfTheStackIsHandledOnAnother) {
  const Ended ended = run([] {
    if (overflow(0) == 7) _exit(1);
  });
  EXPECT_TRUE(ended.rebooted());
  EXPECT_THAT(ended.report, HasSubstr("SIGSEGV"));
}

TEST(Crash, AgainAndAgainRebootsAtOnce) {
  const auto began = std::chrono::steady_clock::now();
  const Ended ended = run([] { raise(SIGSEGV); },
                          [](CrashActions& made) {
                            made.patience = 40s;
                            made.write_out = [] {
                              const pid_t victim = getppid();
                              for (; getppid() == victim; usleep(1000)) kill(victim, SIGBUS);
                            };
                          });
  EXPECT_TRUE(ended.rebooted()) << ended.status << " " << ended.report;
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
}

TEST(Crash, WaitsForTheDisksNoLongerThanItsPatience) {
  const auto began = std::chrono::steady_clock::now();
  const Ended ended = run([] { raise(SIGBUS); },
                          [](CrashActions& made) {
                            made.patience = 100ms;
                            made.write_out = [] {
                              close_range(0, ~0U, 0);  // nobody is to wait for it but who should not
                              sleep(20);
                            };
                          });
  EXPECT_TRUE(ended.rebooted());
  EXPECT_THAT(ended.report, HasSubstr("writing to disks takes too long: it is left; rebooting"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
}

TEST(Crash, OfAForkIsItsOwn) {
  const Ended ended = run([] {
    const pid_t child = fork();
    if (child == 0) raise(SIGSEGV);
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 7 : 8);
  });
  EXPECT_EQ(WEXITSTATUS(ended.status), 7) << "it ends by its signal, and its parent goes on";
  EXPECT_EQ(ended.report, "(not written out)");
}

TEST(CrashDeathTest, ACommandSaysWhichExceptionNobodyCaught) {
  const std::function<void()> thrower = [] { throw std::runtime_error("the reason"); };
  EXPECT_DEATH([&]() noexcept { thrower(); }(), "^uebo: an exception that nobody caught: the reason\n$");
}

}  // namespace
}  // namespace uebo::init
