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

}  // namespace
}  // namespace uebo::kernel
