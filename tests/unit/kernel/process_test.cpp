#include "uebo/kernel/process.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace uebo::kernel
