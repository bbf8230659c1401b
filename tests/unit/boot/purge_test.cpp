#include "uebo/boot/purge.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "../kernel/test_tree.hpp"

namespace uebo::boot {
namespace {

using kernel::test::TestTree;

bool exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

TEST(Purge, KeepsIndexesAndChosenModulesAlone) {
  const TestTree tree;
  const std::string kept = tree.write("kernel/drivers/usb/storage/usb-storage.ko.xz", "module");
  tree.write("kernel/drivers/net/e1000.ko.xz", std::string(10'000, 'x'));
  tree.write("modules.dep.bin", "index");
  tree.write("modules.softdep", "softdep");
  tree.write("modules.dep", "text");
  const auto purged = purge_modules(tree.path(), {kept});
  ASSERT_TRUE(purged) << purged.error().message();
  EXPECT_EQ(purged->removed, 2U);
  EXPECT_EQ(purged->kept, 1U);
  EXPECT_GE(purged->bytes, 10'000U);
  EXPECT_TRUE(exists(kept));
  EXPECT_TRUE(exists(tree.path("modules.dep.bin")));
  EXPECT_TRUE(exists(tree.path("modules.softdep")));
  EXPECT_FALSE(exists(tree.path("modules.dep")));
  EXPECT_FALSE(exists(tree.path("kernel/drivers/net"))) << "an empty directory is left";
}

TEST(Purge, RemovesALinkAndNotWhereItLeads) {
  const TestTree outside;
  const std::string file = outside.write("precious", "data");
  const TestTree tree;
  ASSERT_EQ(symlink(outside.path().c_str(), tree.path("build").c_str()), 0);
  ASSERT_TRUE(purge_modules(tree.path(), {}));
  EXPECT_FALSE(exists(tree.path("build")));
  EXPECT_TRUE(exists(file));
}

TEST(Purge, OfADirectoryThatIsNotThereIsAnError) { EXPECT_FALSE(purge_modules("/no/such/directory", {})); }

TEST(StillNeeded, IsTheWholeClosureUnlessAllOfItIsLoaded) {
  const std::vector<std::string> closure{"/m/usb-common.ko.xz", "/m/usbcore.ko.xz", "/m/usb-storage.ko.xz"};
  const auto loaded_but = [](const std::string& missing) {
    return [missing](const std::string& module) { return module != missing; };
  };
  EXPECT_TRUE(still_needed(closure, loaded_but("")).empty());
  EXPECT_EQ(still_needed(closure, loaded_but("usb_storage")).size(), 3U)
      << "libkmod loads no dependency when the file of a loaded one is missing";
  EXPECT_TRUE(still_needed({}, loaded_but("")).empty());
}

TEST(ModuleName, IsThatOfTheKernel) {
  EXPECT_EQ(module_name_of("/lib/modules/6.12/kernel/drivers/usb/storage/usb-storage.ko.xz"), "usb_storage");
  EXPECT_EQ(module_name_of("ext4.ko"), "ext4");
}

}  // namespace
}  // namespace uebo::boot
