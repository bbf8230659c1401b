#include "uebo/boot/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(HostName, ComesFromStorageFirst) {
  const auto chosen = choose_host_name({.storage = "kiwi\n", .argument = "plum", .mac = "52:54:00:12:34:56"});
  EXPECT_EQ(chosen.name, "kiwi");
  EXPECT_THAT(chosen.warnings, IsEmpty());
}

TEST(HostName, ComesFromTheArgumentWithoutStorage) {
  EXPECT_EQ(choose_host_name({.storage = {}, .argument = "plum", .mac = "52:54:00:12:34:56"}).name, "plum");
  EXPECT_EQ(choose_host_name({.storage = "\n", .argument = "plum", .mac = {}}).name, "plum");
}

TEST(HostName, ComesFromTheLastThreeBytesOfTheMac) {
  EXPECT_EQ(choose_host_name({.storage = {}, .argument = {}, .mac = "52:54:00:AB:34:56"}).name, "uebo-ab3456");
  EXPECT_EQ(choose_host_name({}).name, "uebo");
}

TEST(HostName, ThatIsNoLabelIsRefusedWithALine) {
  const auto chosen = choose_host_name({.storage = "two words", .argument = "-plum", .mac = "52:54:00:12:34:56"});
  EXPECT_EQ(chosen.name, "uebo-123456");
  EXPECT_THAT(chosen.warnings, ElementsAre(HasSubstr("\"two words\" of /storage/hostname"), HasSubstr("\"-plum\"")));
}

TEST(HostsFile, KnowsTheNode) { EXPECT_THAT(hosts_file("kiwi"), HasSubstr("127.0.1.1\tkiwi\n")); }

}  // namespace
}  // namespace uebo::boot
