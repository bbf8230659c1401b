#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "test_tree.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::kernel {
namespace {

using test::TestTree;

TEST(DeviceModaliases, AreCollectedFromAllDevicesEachOnce) {
  const TestTree tree;
  tree.write("devices/pci0000:00/0000:00:03.0/modalias", "pci:v00008086d0000100E\n");
  tree.write("devices/pci0000:00/0000:00:04.0/modalias", "pci:v00008086d0000100E\n");
  tree.write("devices/pci0000:00/0000:00:05.0/usb1/1-1/1-1:1.0/modalias", "usb:v0BDAp8153\n");
  tree.write("devices/platform/soc/1c30000.ethernet/uevent", "DRIVER=\nMODALIAS=of:NethernetT(null)Callwinner\n");
  tree.write("devices/system/cpu/modalias", "cpu:type:aarch64:feature:,0001\n");
  tree.write("devices/platform/silent/uevent", "MODALIAS=\n");
  tree.write("devices/platform/silent/modalias", "\n");
  EXPECT_THAT(device_modaliases(tree.path()).value(),
              testing::ElementsAre("cpu:type:aarch64:feature:,0001", "of:NethernetT(null)Callwinner",
                                   "pci:v00008086d0000100E", "usb:v0BDAp8153"));
}

TEST(DeviceModaliases, LinksAreNotFollowed) {
  const TestTree tree;
  tree.write("devices/a/modalias", "a:x\n");
  tree.write("bus/modalias", "bus:x\n");
  ASSERT_EQ(symlink("../../bus", tree.path("devices/a/subsystem").c_str()), 0);
  EXPECT_THAT(device_modaliases(tree.path()).value(), testing::ElementsAre("a:x"));
}

TEST(DeviceModaliases, WithoutSysfsIsAnError) {
  const TestTree tree;
  const auto found = device_modaliases(tree.path());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ENOENT);
}

}  // namespace
}  // namespace uebo::kernel
