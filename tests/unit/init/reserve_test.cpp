#include "uebo/init/reserve.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <new>

#include "../kernel/in_child.hpp"

namespace uebo::init {
namespace {

using kernel::test::holds_in_child;
using kernel::test::kFewDescriptors;

bool can_open() { return static_cast<bool>(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))); }

TEST(Reserve, GivesBackDescriptorsWhenTheyHaveRunOut) {
  EXPECT_TRUE(holds_in_child([] {
    if (setrlimit(RLIMIT_NOFILE, &kFewDescriptors) != 0) return false;
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
