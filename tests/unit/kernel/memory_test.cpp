#include "uebo/kernel/memory.hpp"

#include <gtest/gtest.h>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using test::TestTree;

TEST(Memory, IsReadInBytes) {
  const TestTree tree;
  const std::string path =
      tree.write("meminfo", "MemTotal:         480000 kB\nMemFree:          100 kB\nMemAvailable:     400000 kB\n");
  const auto found = memory(path);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->total, 480000u * 1024);
  EXPECT_EQ(found->available, 400000u * 1024);
}

TEST(Memory, OfThisMachine) {
  const auto found = memory();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_GT(found->available, 0u);
  EXPECT_GT(found->total, found->available);
}

TEST(Memory, MissingLineOrNumberIsAnError) {
  const TestTree tree;
  EXPECT_FALSE(memory(tree.write("a", "MemTotal: 1 kB\n")));
  EXPECT_FALSE(memory(tree.write("b", "MemTotal: x kB\nMemAvailable: 1 kB\n")));
  EXPECT_FALSE(memory(tree.write("c", "MemTotal: 1 kB\nMemAvailable:")));
}

}  // namespace
}  // namespace uebo::kernel
