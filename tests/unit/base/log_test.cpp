#include "uebo/base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): posix_openpt(3)
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

#include "../kernel/in_namespaces.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::log {
namespace {

/// A terminal at whose other end nobody reads, in the place of /dev/console. Only to be called in namespaces.
UniqueFd stuck_console() {
  UniqueFd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  if (!master || grantpt(master.get()) != 0 || unlockpt(master.get()) != 0 ||
      ptsname_r(master.get(), name.data(), name.size()) != 0)
    return {};
  const UniqueFd terminal(open(name.data(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  // The kernel hands on what was written, and then there is room again: full is what stays full.
  const std::string line(4096, 'x');
  pollfd room{.fd = terminal.get(), .events = POLLOUT, .revents = 0};
  while (poll(&room, 1, 200) > 0 && (room.revents & POLLOUT) != 0)
    while (write(terminal.get(), line.data(), line.size()) > 0) continue;
  if (mount(name.data(), "/dev/console", nullptr, MS_BIND, nullptr) != 0) return {};
  return master;
}

TEST(ConsoleLog, AConsoleThatHangsCostsLinesAndHoldsUpNobody) {
  if (access("/dev/console", F_OK) != 0) GTEST_SKIP() << "no /dev/console here";
  kernel::test::in_namespaces(CLONE_NEWNS, [] {
    const UniqueFd master = stuck_console();
    ASSERT_TRUE(master);
    alarm(10);  // ends this child where a line blocks
    to_console_and_kernel();
    std::string copied;
    copy_to([&](std::string_view line) { copied = line; });
    for (int i = 0; i < 100; ++i) spdlog::info("line {}", i);
    EXPECT_EQ(copied, "line 99");
  });
}

}  // namespace
}  // namespace uebo::log
