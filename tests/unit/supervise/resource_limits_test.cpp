// On a directory of plain files: what is written where. That the kernel takes it is seen in tests/qemu.
#include "uebo/supervise/resource_limits.hpp"

#include <gtest/gtest.h>

#include "../kernel/test_tree.hpp"

namespace uebo::supervise {
namespace {

class ResourceLimits : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* file :
         {"memory.high", "memory.max", "memory.swap.max", "pids.max", "cpu.weight", "cpu.weight.nice", "io.weight"})
      tree_.write(file);
    tree_.write("cgroup.events", "populated 0\n");
  }
  void apply() {
    const auto cgroup = kernel::Cgroup::create(tree_.path());
    ASSERT_TRUE(cgroup) << cgroup.error().message();
    apply_resource_limits(*cgroup, spec_);
  }

  kernel::test::TestTree tree_;
  config::ServiceSpec spec_;
};

TEST_F(ResourceLimits, WithoutAnyNothingIsWritten) {
  apply();
  for (const char* file :
       {"memory.high", "memory.max", "memory.swap.max", "pids.max", "cpu.weight", "cpu.weight.nice", "io.weight"})
    EXPECT_EQ(tree_.read(file), "") << file;
}

TEST_F(ResourceLimits, EachGoesIntoItsFile) {
  spec_.memory_high = {config::MemoryBytes{30 << 20}};
  spec_.memory_max = {config::MemoryBytes{40 << 20}};
  spec_.pids_max = 64;
  spec_.cpu_weight = 1;
  spec_.io_weight = 10;
  apply();
  EXPECT_EQ(tree_.read("memory.high"), "31457280");
  EXPECT_EQ(tree_.read("memory.max"), "41943040");
  EXPECT_EQ(tree_.read("pids.max"), "64");
  EXPECT_EQ(tree_.read("cpu.weight"), "1");
  EXPECT_EQ(tree_.read("io.weight"), "default 10");
}

TEST_F(ResourceLimits, SwapIsHalfOfTheMemoryUnlessTheFileSaysMore) {
  apply();
  EXPECT_EQ(tree_.read("memory.swap.max"), "") << "no bound of memory, none of swap";
  spec_.memory_max = {config::MemoryBytes{40 << 20}};
  apply();
  EXPECT_EQ(tree_.read("memory.swap.max"), "20971520");
  spec_.memory_swap_max = {config::MemoryBytes{50 << 20}};
  apply();
  EXPECT_EQ(tree_.read("memory.swap.max"), "52428800");
}

TEST_F(ResourceLimits, NiceWeighsTheGroupWhereNoWeightIsGiven) {
  spec_.nice = 19;
  apply();
  EXPECT_EQ(tree_.read("cpu.weight.nice"), "19");
}

TEST_F(ResourceLimits, AWeightCountsBeforeNice) {
  spec_.nice = 19;
  spec_.cpu_weight = 50;
  apply();
  EXPECT_EQ(tree_.read("cpu.weight.nice"), "");
  EXPECT_EQ(tree_.read("cpu.weight"), "50");
}

TEST_F(ResourceLimits, OneThatCannotBeSetTakesNoOtherAlong) {
  std::filesystem::remove(tree_.path("memory.high"));
  spec_.memory_high = {config::MemoryBytes{30 << 20}};
  spec_.pids_max = 64;
  apply();
  EXPECT_EQ(tree_.read("pids.max"), "64");
}

}  // namespace
}  // namespace uebo::supervise
