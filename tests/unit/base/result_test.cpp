#include "uebo/base/result.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>

#include "uebo/base/clock.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(EDOM, "halve", std::to_string(number), "give an even number");
  return number / 2;
}
Result<int> quarter(int number) {
  const int once = UEBO_TRY(half(number));
  return UEBO_TRY(half(once));
}
Result<std::unique_ptr<int>> boxed(int number) { return std::make_unique<int>(UEBO_TRY(half(number))); }
Result<int> unboxed(int number) {
  const auto box = UEBO_TRY(boxed(number));
  return *box;
}
Result<> check(int number) {
  UEBO_TRY(half(number));
  return {};
}

TEST(Results, TryGoesOnOrReturns) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().object, "3");
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(1));
}

TEST(Results, TryMovesWhatCannotBeCopied) {
  EXPECT_EQ(unboxed(4), 2);
  EXPECT_FALSE(unboxed(3));
}

TEST(ErrorMessages, NameOperationObjectReasonAndHint) {
  EXPECT_EQ((Error{EUCLEAN, "mount", "/dev/sda1", "run e2fsck"}.message()),
            "mount /dev/sda1: Structure needs cleaning (run e2fsck)");
  EXPECT_EQ((Error{ENOENT, "read", "/x", ""}.message()), "read /x: No such file or directory");
  EXPECT_EQ((Error{0, "user", "boinc", "is not in /etc/passwd"}.message()), "user boinc: is not in /etc/passwd");
  EXPECT_EQ((Error{0, "no storage", "", ""}.message()), "no storage");
  EXPECT_EQ((Error{EPERM, "reboot", "", ""}.message()), "reboot: Operation not permitted");
}

TEST(ErrorMessages, TakeErrnoAsItStands) {
  errno = EACCES;
  EXPECT_EQ(errno_error("open", "/x").error().code, EACCES);
}

TEST(UniqueFds, OwnAndGiveAway) {
  const int number = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(number, 0);
  UniqueFd first(number);
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.get(), number);
  UniqueFd& same = second;
  second = std::move(same);
  EXPECT_EQ(second.get(), number) << "moved onto itself";
  EXPECT_EQ(fcntl(number, F_GETFD), FD_CLOEXEC);
  second.reset();
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
  EXPECT_EQ(second.release(), -1);
}

TEST(BootTime, NeverGoesBack) {
  const TimePoint first = BootClock::now();
  const TimePoint second = BootClock::now();
  EXPECT_LE(first, second);
  EXPECT_GT(first, TimePoint{});
}

}  // namespace
}  // namespace uebo
