#include "uebo/boot/inline_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "../kernel/in_namespaces.hpp"
#include "../kernel/test_tree.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

using kernel::test::in_namespaces;
using kernel::test::TestTree;
using testing::HasSubstr;
using testing::Not;

TEST(ImageType, IsReadFromTheMagic) {
  std::string erofs(2048, '\0');
  erofs.replace(1024, 4, "\xe2\xe1\xf5\xe0");
  EXPECT_EQ(image_type(erofs), "erofs");
  EXPECT_EQ(image_type("hsqs and more"), "squashfs");
  EXPECT_EQ(image_type("short"), "");
  EXPECT_EQ(image_type(std::string(2048, '\0')), "");
}

TEST(CoverSecrets, BlanksEveryPlaceBelowTheMounts) {
  const TestTree tree;
  const std::string line = "console=ttyS0 uebo.boinc.password=s3cret quiet";
  tree.write("proc/cmdline", line + "\n");
  tree.write("proc/bootconfig", "uebo.boinc.password = \"s3cret\"\n");
  tree.write("sys/firmware/devicetree/base/chosen/bootargs", line + std::string(1, '\0'));
  tree.write("sys/firmware/devicetree/base/chosen/stdout-path", "serial0");
  tree.write("sys/firmware/fdt", "blob s3cret blob");
  in_namespaces(CLONE_NEWNS, [&] {
    // As at the boot: the covers lie on a tmpfs of their own.
    ASSERT_TRUE(kernel::mount_api("tmpfs", "/run", 0, "size=1m"));
    const auto covered = cover_secrets(tree.path("proc"), tree.path("sys"));
    ASSERT_TRUE(covered) << covered.error().message();
    EXPECT_EQ(tree.read("proc/cmdline"), "console=ttyS0 uebo.boinc.password=****** quiet\n");
    EXPECT_EQ(tree.read("sys/firmware/devicetree/base/chosen/bootargs"),
              "console=ttyS0 uebo.boinc.password=****** quiet" + std::string(1, '\0'));
    EXPECT_EQ(tree.read("sys/firmware/devicetree/base/chosen/stdout-path"), "serial0");
    EXPECT_EQ(tree.read("sys/firmware/fdt"), "");
    EXPECT_EQ(tree.read("proc/bootconfig"), "");
    const std::size_t before = kernel::mounts()->size();
    EXPECT_TRUE(cover_secrets(tree.path("proc"), tree.path("sys")));
    EXPECT_EQ(kernel::mounts()->size(), before) << "covered twice";
  });
}

TEST(CoverSecrets, LeavesAloneWhatHoldsNone) {
  const TestTree tree;
  tree.write("proc/cmdline", "console=ttyS0 quiet\n");
  tree.write("sys/firmware/fdt", "blob");
  in_namespaces(CLONE_NEWNS, [&] {
    const std::size_t before = kernel::mounts()->size();
    EXPECT_TRUE(cover_secrets(tree.path("proc"), tree.path("sys")));
    EXPECT_EQ(kernel::mounts()->size(), before);
  });
}

}  // namespace
}  // namespace uebo::boot
