#include "uebo/supervise/memory_bound.hpp"

#include <gtest/gtest.h>

namespace uebo::supervise {
namespace {

using config::MemoryBytes;
using config::MemoryReserve;
using config::MemoryShare;
constexpr std::uint64_t kMebi = 1 << 20;

TEST(MemoryBounds, AreBytesSharesAndReserves) {
  EXPECT_EQ(memory_limit({MemoryBytes{40 * kMebi}}, 512 * kMebi), 40 * kMebi);
  EXPECT_EQ(memory_limit({MemoryShare{90}}, 1000), 900U);
  EXPECT_EQ(memory_limit({MemoryReserve{100 * kMebi}}, 512 * kMebi), 412 * kMebi);
}

TEST(MemoryBounds, TheSmallestCounts) {
  const std::vector<config::MemoryBound> boinc{MemoryShare{90}, MemoryReserve{96 * kMebi}};
  EXPECT_EQ(memory_limit(boinc, 512 * kMebi), 416 * kMebi) << "the reserve on a small board";
  EXPECT_EQ(memory_limit(boinc, 4096 * kMebi), 4096 * kMebi / 100 * 90) << "the share on a large one";
}

TEST(MemoryBounds, AReserveLargerThanRamLeavesATenth) {
  EXPECT_EQ(memory_limit({MemoryReserve{1024 * kMebi}}, 512 * kMebi), 512 * kMebi / 10);
  EXPECT_EQ(memory_limit({MemoryReserve{511 * kMebi}}, 512 * kMebi), 512 * kMebi / 10);
}

TEST(MemoryBounds, AreTakenOfThisMachinesRam) {
  const auto limit = memory_limit({MemoryShare{50}});
  ASSERT_TRUE(limit);
  EXPECT_GT(*limit, 16 * kMebi);
}

}  // namespace
}  // namespace uebo::supervise
