#include "uebo/boot/storage_disk.hpp"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "../kernel/test_tree.hpp"

namespace uebo::boot {
namespace {

using kernel::MountPoint;

MountPoint mount_of(const std::string& source, dev_t number) {
  return {.source = source, .target = "/storage", .type = "ext4", .options = "rw", .number = number};
}

class StorageDisk : public testing::Test {
 protected:
  void plug(const std::string& name, const std::string& number) const {
    tree_.write("dev/block/" + number);
    tree_.write("class/block/" + name);
  }
  [[nodiscard]] bool is_there(const MountPoint& mount) const {
    return is_still_there(mount, tree_.path(), tree_.path("note"));
  }
  kernel::test::TestTree tree_;
};

TEST_F(StorageDisk, IsThereWhileItsNumberIs) {
  plug("sda", "8:0");
  EXPECT_TRUE(is_there(mount_of("/dev/sda", makedev(8, 0))));
}

TEST_F(StorageDisk, HasGoneWhenAnotherHasItsName) {
  plug("mmcblk0", "179:8");
  EXPECT_FALSE(is_there(mount_of("/dev/mmcblk0", makedev(179, 0))));
}

TEST_F(StorageDisk, IsThereUnderAnotherName) {
  plug("sdb", "8:0");
  EXPECT_TRUE(is_there(mount_of("/dev/sda", makedev(8, 0))));
}

TEST_F(StorageDisk, WithABtrfsIsKnownByTheNumberThatWasNoted) {
  plug("sda", "8:16");
  tree_.write("note", "8:0\n");
  EXPECT_FALSE(is_there(mount_of("/dev/sda", makedev(0, 33))));
  tree_.write("note", "8:16\n");
  EXPECT_TRUE(is_there(mount_of("/dev/sda", makedev(0, 33))));
}

TEST_F(StorageDisk, WithABtrfsThatSomebodyMountedByHandIsKnownByItsName) {
  plug("sda", "8:16");
  EXPECT_TRUE(is_there(mount_of("/dev/sda", makedev(0, 33))));
  EXPECT_FALSE(is_there(mount_of("/dev/sdb", makedev(0, 33))));
  for (const char* note : {"no number\n", "8:0x\n", "8 :0\n", "8:0 8:16\n", "8:0:16\n"}) {
    tree_.write("note", note);
    EXPECT_TRUE(is_there(mount_of("/dev/sda", makedev(0, 33)))) << note;
  }
}

TEST_F(StorageDisk, OfAServerIsAlwaysThere) { EXPECT_TRUE(is_there(mount_of("nas:/export", makedev(0, 40)))); }

}  // namespace
}  // namespace uebo::boot
