#include "uebo/init/reserve.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <new>

namespace uebo::init {
namespace {

constexpr rlimit kFew{.rlim_cur = 128, .rlim_max = 128};

/// Limits are for good, and for the process: each case has one of its own.
bool holds_in_child(const std::function<bool()>& what) {
  const pid_t pid = fork();
  if (pid == 0) _exit(what() ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool can_open() { return static_cast<bool>(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))); }

TEST(Reserve, GivesBackDescriptorsWhenTheyHaveRunOut) {
  EXPECT_TRUE(holds_in_child([] {
    if (setrlimit(RLIMIT_NOFILE, &kFew) != 0) return false;
    Reserve reserve;
    if (reserve.descriptors() != Reserve::kDescriptors) return false;
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) continue;
    if (can_open()) return false;
    reserve.release();
    for (std::size_t i = 0; i < Reserve::kDescriptors; ++i)
      if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return false;
    return !can_open();
  }));
}

TEST(Reserve, IsGivenToTheAllocationThatWouldFail) {
  const Reserve reserve;
  ASSERT_TRUE(reserve.has_memory());
  ASSERT_NE(std::get_new_handler(), nullptr);
  std::get_new_handler()();
  EXPECT_FALSE(reserve.has_memory());
  EXPECT_THROW(std::get_new_handler()(), std::bad_alloc) << "there is no second one, and no endless loop";
}

TEST(Reserve, IsNothingToAnybodyWhenItIsGone) {
  {
    const Reserve reserve;
  }
  EXPECT_EQ(std::get_new_handler(), nullptr);
}

TEST(DescriptorLimit, IsRaisedToWhatTheKernelAllows) {
  EXPECT_TRUE(holds_in_child([] {
    const rlimit low{.rlim_cur = 64, .rlim_max = 128};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0 || !raise_descriptor_limit()) return false;
    rlimit now{};
    return getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 128 && now.rlim_max == 128;
  }));
}

}  // namespace
}  // namespace uebo::init
