#include "uebo/kernel/block.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "test_disk.hpp"
#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using test::TestTree;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(BlockDevices, AreSortedNaturallyAndWithoutEmptyRamAndLoopDevices) {
  const TestTree tree;
  for (const char* name : {"sda10", "sda2", "sda", "sdb", "mmcblk0p2", "mmcblk0", "cciss!c0d0"})
    tree.write(std::string("class/block/") + name + "/size", "2048\n");
  for (const char* name : {"ram0", "loop3", "zram0"})
    tree.write(std::string("class/block/") + name + "/size", "2048\n");
  tree.write("class/block/sdc/size", "0\n");
  tree.directory("class/block/sdd");  // gone while we look
  EXPECT_THAT(block_devices(tree.path()).value(), ElementsAre("/dev/cciss/c0d0", "/dev/mmcblk0", "/dev/mmcblk0p2",
                                                              "/dev/sda", "/dev/sda2", "/dev/sda10", "/dev/sdb"));
}

TEST(BlockDevices, WithoutSysfsIsAnError) {
  const TestTree tree;
  const auto devices = block_devices(tree.path());
  ASSERT_FALSE(devices);
  EXPECT_EQ(devices.error().code, ENOENT);
}

class Ext4Image : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::make_ext4(image_, "storage")) GTEST_SKIP() << "mke2fs is missing";
  }
  TestTree tree_;
  std::string image_ = tree_.path("disk");
};

TEST_F(Ext4Image, IsRecognisedByItsSuperblock) {
  const auto device = probe(image_);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_EQ(device->path, image_);
  EXPECT_EQ(device->type, "ext4");
  EXPECT_EQ(device->usage, "filesystem");
  EXPECT_FALSE(device->read_only);
  EXPECT_EQ(device->label, "storage");
  EXPECT_EQ(device->uuid.size(), 36u);
  EXPECT_EQ(device->size, 4u << 20);
  EXPECT_EQ(holds_data(image_), true);
}

TEST_F(Ext4Image, WithAWrongChecksumIsStillRecognised) {
  test::overwrite(image_, 1024 + 0x3fc, "\x01\x02\x03\x04");  // s_checksum
  const auto device = probe(image_);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_EQ(device->label, "storage");
}

TEST_F(Ext4Image, WithASecondSignatureIsAmbivalent) {
  std::string squashfs(30, '\0');
  squashfs.replace(0, 4, "hsqs");
  squashfs[28] = 4;  // major version
  test::overwrite(image_, 0, squashfs);
  const auto device = probe(image_);
  ASSERT_FALSE(device);
  EXPECT_THAT(device.error().message(), HasSubstr("several signatures"));
  EXPECT_EQ(holds_data(image_), true);
}

TEST(Probe, NothingRecognisedIsAnEmptyType) {
  const TestTree tree;
  const std::string image = tree.write("disk", std::string(1 << 20, '\0'));
  const auto device = probe(image);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_EQ(device->type, "");
  EXPECT_EQ(device->label, "");
  EXPECT_EQ(device->size, 1u << 20);
  EXPECT_EQ(holds_data(image), false);
}

TEST(Probe, PartitionTableCountsAsData) {
  const TestTree tree;
  const std::string image = tree.write("disk", std::string(1 << 20, '\0'));
  // One primary partition of type 0x83, sectors 64 to 191, and the boot signature.
  test::overwrite(image, 446, std::string("\0\0\0\0\x83\0\0\0\x40\0\0\0\x80\0\0\0", 16));
  test::overwrite(image, 510, "\x55\xaa");
  EXPECT_EQ(holds_data(image), true);
  EXPECT_EQ(probe(image)->type, "");
}

TEST(Probe, ALuksHeaderIsNoFileSystem) {
  const TestTree tree;
  const std::string image = tree.write("disk", std::string(1 << 20, '\0'));
  std::string header(512, '\0');
  header.replace(0, 8, std::string("LUKS\xba\xbe\0\2", 8));  // magic and version 2
  header.replace(24, 7, "storage");                          // its own label
  test::overwrite(image, 0, header);
  const auto device = probe(image);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_EQ(device->type, "crypto_LUKS");
  EXPECT_EQ(device->usage, "crypto");
  EXPECT_EQ(device->label, "storage");
}

TEST(BlockDevice, IsThereByItsNumber) {
  const TestTree tree;
  tree.write("dev/block/179:8");
  EXPECT_TRUE(block_device_exists(makedev(179, 8), tree.path()));
  EXPECT_FALSE(block_device_exists(makedev(179, 0), tree.path()));
}

TEST(Probe, MissingDeviceIsAnError) {
  const TestTree tree;
  const auto device = probe(tree.path("nothing"));
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ENOENT);
  EXPECT_FALSE(holds_data(tree.path("nothing")));
}

}  // namespace
}  // namespace uebo::kernel
