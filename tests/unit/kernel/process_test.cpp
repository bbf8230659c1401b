#include "uebo/kernel/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace uebo::kernel {
namespace {

TEST(RunProgram, ReturnsTheExitCode) {
  EXPECT_EQ(run_program({"/bin/sh", "-c", "exit 0"}), 0);
  EXPECT_EQ(run_program({"/bin/sh", "-c", "exit 4"}), 4);
}

TEST(RunProgram, ReturnsTheSignalAsAShellDoes) { EXPECT_EQ(run_program({"/bin/sh", "-c", "kill -9 $$"}), 128 + 9); }

TEST(RunProgram, SaysThatThereIsNoSuchProgram) {
  const auto code = run_program({"/no/such/program"});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, ENOENT);
}

using namespace std::chrono_literals;

TEST(RunBounded, ReturnsWhatTheWorkReturned) {
  EXPECT_EQ(run_bounded([] { return 3; }, 10s), 3);
}

TEST(RunBounded, DoesNotWaitForWhatNeverComesBack) {
  const auto code = run_bounded([] { return pause(); }, 50ms);
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, ETIMEDOUT);
}

class RunUnprivileged : public testing::Test {
 protected:
  const Owner self{.user = geteuid(), .group = getegid()};
};

TEST_F(RunUnprivileged, ReturnsTheExitCode) {
  EXPECT_EQ(run_unprivileged({"/bin/sh", "-c", "exit 4"}, self, 10s), 4);
  EXPECT_EQ(run_unprivileged({"/bin/sh", "-c", "kill -9 $$"}, self, 10s), 128 + 9);
}

TEST_F(RunUnprivileged, SaysWhyAProgramDoesNotStart) {
  const auto absent = run_unprivileged({"/no/such/program"}, self, 10s);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ENOENT);
  const auto refused = run_unprivileged({"/etc/passwd"}, self, 10s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EACCES);
}

TEST_F(RunUnprivileged, DoesNotWaitForWhatNeverEnds) {
  const auto ended = run_unprivileged({"/bin/sh", "-c", "exec sleep 1000"}, self, 50ms);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ETIMEDOUT);
}

TEST_F(RunUnprivileged, LeavesNoWayToMoreRights) {
  const std::string ask = "grep -q '^NoNewPrivs:.1$' /proc/self/status";
  EXPECT_EQ(run_unprivileged({"/bin/sh", "-c", ask}, self, 10s), 0);
  if (geteuid() != 0) return;
  constexpr Owner kNobody{.user = 65534, .group = 65534};
  const std::string all =
      ask + R"sh( && [ "$(id -u) $(id -G)" = "65534 65534" ] && grep -q '^CapEff:.0*$' /proc/self/status)sh";
  EXPECT_EQ(run_unprivileged({"/bin/sh", "-c", all}, kNobody, 10s), 0);
}

}  // namespace
}  // namespace uebo::kernel
