#include "uebo/boot/nfs_storage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using testing::HasSubstr;

TEST(NfsStorage, IsWantedAlsoWhereItsArgumentIsNoGood) {
  EXPECT_TRUE(wants_nfs(config::KernelArgs::parse("uebo.nfsdir=nas:/a")));
  EXPECT_TRUE(wants_nfs(config::KernelArgs::parse("uebo.nfsdir=nas")));
  EXPECT_TRUE(wants_nfs(config::KernelArgs::parse("uebo.nfsdir")));
  EXPECT_FALSE(wants_nfs(config::KernelArgs::parse("quiet")));
}

TEST(NfsStorage, SaysWhatIsExpectedInsteadOfABadArgument) {
  const auto mounted = mount_nfs_storage(config::KernelArgs::parse("uebo.nfsdir=nas"));
  ASSERT_FALSE(mounted);
  EXPECT_THAT(mounted.error().message(), testing::AllOf(HasSubstr("SERVER:/PATH"), HasSubstr("no local disk")));
}

TEST(NfsStorage, KnowsItsServerFromTheMount) {
  kernel::MountPoint mount{
      .source = "nas:/a",
      .target = "/storage",
      .type = "nfs4",
      .options = "rw,nosuid,vers=4.2,hard,proto=tcp,port=20490,clientaddr=10.0.2.15,addr=10.0.2.2"};
  auto server = server_of(mount);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->address, "10.0.2.2");
  EXPECT_EQ(server->port, 20490);
  mount.options = "rw,clientaddr=fd00::2,addr=fd00::1";
  server = server_of(mount);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->address, "fd00::1");
  EXPECT_EQ(server->port, 2049);
  mount.type = "ext4";
  EXPECT_FALSE(server_of(mount));
}

TEST(NfsStorage, SaysWhatIsWrongWithAnExport) {
  EXPECT_THAT(mount_failure_hint(ENOENT), HasSubstr("no such directory"));
  EXPECT_THAT(mount_failure_hint(EACCES), HasSubstr("does not export it to this node"));
}

}  // namespace
}  // namespace uebo::boot
