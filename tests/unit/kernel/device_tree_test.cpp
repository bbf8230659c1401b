#include "uebo/kernel/device_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using test::TestTree;

TEST(DeviceTree, CompatibleStringsKeepTheirOrder) {
  const TestTree tree;
  const std::string path = tree.write("compatible", std::string_view("xunlong,orangepi-pc\0allwinner,sun8i-h3\0", 40));
  EXPECT_THAT(device_tree_compatible(path).value(), testing::ElementsAre("xunlong,orangepi-pc", "allwinner,sun8i-h3"));
}

TEST(DeviceTree, LastStringNeedsNoNul) {
  const TestTree tree;
  EXPECT_THAT(device_tree_compatible(tree.write("compatible", "linux,dummy-virt")).value(),
              testing::ElementsAre("linux,dummy-virt"));
}

TEST(DeviceTree, MachineWithoutOneIsCompatibleWithNothing) {
  const TestTree tree;
  const auto names = device_tree_compatible(tree.path("nothing"));
  ASSERT_TRUE(names);
  EXPECT_TRUE(names->empty());
}

}  // namespace
}  // namespace uebo::kernel
