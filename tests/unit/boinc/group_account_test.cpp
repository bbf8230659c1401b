#include "uebo/boinc/group_account.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "../kernel/test_tree.hpp"

namespace uebo::boinc {
namespace {

TEST(GroupAccount, IsWhatTheKernelHasCounted) {
  const kernel::test::TestTree tree;
  tree.write("cpu.max", "150000 100000\n");
  tree.write("cpu.stat",
             "usage_usec 90\nuser_usec 80\nnr_periods 4\nnr_throttled 2\nthrottled_usec 2500000\nnr_bursts 0\n");
  tree.write(
      "memory.pressure",
      "some avg10=0.10 avg60=0.00 avg300=0.00 total=9000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4500000\n");
  const auto account = group_account(2, tree.path());
  EXPECT_DOUBLE_EQ(account.cpu_limit, 0.75);
  EXPECT_DOUBLE_EQ(account.throttled, 2.5);
  EXPECT_DOUBLE_EQ(account.memory_stalled, 4.5);
  tree.write("cpu.max", "max 100000\n");
  EXPECT_EQ(group_account(2, tree.path()).cpu_limit, 1);
}

TEST(GroupAccount, WhatIsNotToldIsNoNumber) {
  const kernel::test::TestTree tree;
  tree.write("cpu.max", "much\n");
  tree.write("cpu.stat", "usage_usec 90\n");
  for (const auto& account : {group_account(2, tree.path()), group_account(2, tree.path("none"))}) {
    EXPECT_TRUE(std::isnan(account.cpu_limit));
    EXPECT_TRUE(std::isnan(account.throttled));
    EXPECT_TRUE(std::isnan(account.memory_stalled));
  }
}

}  // namespace
}  // namespace uebo::boinc
