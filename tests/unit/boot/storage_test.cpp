#include "uebo/boot/storage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../kernel/test_tree.hpp"

namespace uebo::boot {
namespace {

using kernel::BlockDevice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

BlockDevice disk(const std::string& path, const std::string& uuid, const std::string& label = "storage",
                 const std::string& type = "ext4") {
  return {.path = path,
          .type = type,
          .usage = type.empty() ? "" : "filesystem",
          .label = label,
          .uuid = uuid,
          .size = 1000};
}

std::vector<std::string> paths(const StorageChoice& choice) {
  std::vector<std::string> result;
  for (const BlockDevice& candidate : choice.candidates) result.push_back(candidate.path);
  return result;
}

TEST(StorageChoice, IsTheOneWithTheLabel) {
  const auto choice =
      choose_storage({disk("/dev/sda1", "1", "boot"), disk("/dev/sda2", "2"), disk("/dev/sdb", "0", "")});
  EXPECT_THAT(paths(choice), ElementsAre("/dev/sda2"));
  EXPECT_THAT(choice.warnings, IsEmpty());
}

TEST(StorageChoice, IsNoneWithoutTheLabel) {
  const auto choice = choose_storage({disk("/dev/sda", "1", "boot"), disk("/dev/sdb", "1", "storage2")});
  EXPECT_THAT(choice.candidates, IsEmpty());
  EXPECT_THAT(choice.warnings, IsEmpty());
}

TEST(StorageChoice, DoesNotDependOnTheOrderOfTheDisks) {
  const BlockDevice low = disk("/dev/sdb", "1111"), high = disk("/dev/sda", "2222");
  for (const auto& devices : {std::vector{low, high}, std::vector{high, low}}) {
    const auto choice = choose_storage(devices);
    EXPECT_THAT(paths(choice), ElementsAre("/dev/sdb", "/dev/sda"));
    EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("/dev/sdb, /dev/sda are labelled")));
    EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("that with the lowest UUID is tried first")));
  }
}

TEST(StorageChoice, TakesTheFirstOfTwoCopies) {
  EXPECT_THAT(paths(choose_storage({disk("/dev/sda", "1"), disk("/dev/sdb", "1")})),
              ElementsAre("/dev/sda", "/dev/sdb"));
}

TEST(StorageChoice, SaysThatALabelledPartitionIsEmpty) {
  const auto choice = choose_storage({disk("/dev/sda1", "", "storage", "")});
  EXPECT_THAT(choice.candidates, IsEmpty());
  EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("uebo format /dev/sda1")));
}

TEST(StorageChoice, TakesTheLabelOfAVfatInAnyCase) {
  for (const char* label : {"storage", "STORAGE", "Storage"}) {
    const auto choice = choose_storage({disk("/dev/sda1", "1234-ABCD", label, "vfat")});
    EXPECT_THAT(paths(choice), ElementsAre("/dev/sda1")) << label;
    EXPECT_THAT(choice.warnings, IsEmpty()) << label;
  }
}

TEST(StorageChoice, PrefersTheLabelThatIsSpeltAsItShouldBe) {
  const auto choice = choose_storage({disk("/dev/sda1", "1234-ABCD", "STORAGE", "vfat"), disk("/dev/sdb", "9999")});
  EXPECT_THAT(paths(choice), ElementsAre("/dev/sdb", "/dev/sda1"));
  EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("that with the label spelt so is tried first")));
}

TEST(StorageChoice, SpeaksOfTheUuidOnlyWhereThatDecides) {
  const auto choice = choose_storage(
      {disk("/dev/sda1", "1234-ABCD", "STORAGE", "vfat"), disk("/dev/sdb", "9999"), disk("/dev/sdc", "8888")});
  EXPECT_THAT(paths(choice), ElementsAre("/dev/sdc", "/dev/sdb", "/dev/sda1"));
  EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("spelt so")));
}

TEST(StorageChoice, LeavesALabelInAnotherCaseAloneAndSaysSo) {
  for (const char* type : {"ext4", "xfs", "exfat"}) {
    const auto choice = choose_storage({disk("/dev/sda1", "1", "Storage", type)});
    EXPECT_THAT(choice.candidates, IsEmpty()) << type;
    EXPECT_THAT(choice.warnings,
                ElementsAre(AllOf(HasSubstr("/dev/sda1"), HasSubstr("`Storage`"), HasSubstr("`storage`"))));
  }
}

TEST(StorageChoice, LeavesWhatIsEncryptedAloneAndSaysSo) {
  BlockDevice encrypted = disk("/dev/sda", "0", "storage", "crypto_LUKS");
  encrypted.usage = "crypto";
  const auto choice = choose_storage({encrypted, disk("/dev/sdb", "1")});
  EXPECT_THAT(paths(choice), ElementsAre("/dev/sdb"));
  EXPECT_THAT(choice.warnings, ElementsAre(AllOf(HasSubstr("/dev/sda"), HasSubstr("encrypted"))));
}

TEST(StorageChoice, IsNoSwapAndNoPartOfARaid) {
  BlockDevice swap = disk("/dev/sda", "0", "storage", "swap");
  swap.usage = "other";
  BlockDevice member = disk("/dev/sdb", "0", "storage", "linux_raid_member");
  member.usage = "raid";
  const auto choice = choose_storage({swap, member});
  EXPECT_THAT(choice.candidates, IsEmpty());
  EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("swap"), HasSubstr("linux_raid_member")));
}

TEST(StorageChoice, TakesAWritableDiskBeforeAWriteProtectedOneAndSaysSo) {
  BlockDevice locked = disk("/dev/mmcblk0", "0");
  locked.read_only = true;
  const auto choice = choose_storage({locked, disk("/dev/sda", "1")});
  EXPECT_THAT(paths(choice), ElementsAre("/dev/sda"));
  EXPECT_THAT(choice.warnings, ElementsAre(AllOf(HasSubstr("/dev/mmcblk0"), HasSubstr("write-protected"))));
}

TEST(StorageChoice, WarnsOfADiskThatCannotBeReadButNotOfAnEmptyCardReader) {
  EXPECT_TRUE(is_worth_a_warning({.code = EIO, .operation = "probe", .object = "/dev/sda", .hint = {}}));
  EXPECT_TRUE(
      is_worth_a_warning({.code = 0, .operation = "probe", .object = "/dev/sda", .hint = "several signatures"}));
  for (const int code : {ENOMEDIUM, ENXIO, ENODEV, ENOENT})
    EXPECT_FALSE(is_worth_a_warning({.code = code, .operation = "probe", .object = "/dev/sda", .hint = {}})) << code;
}

TEST(StorageOptions, KeepExtFromGoingOnAfterAnError) {
  EXPECT_EQ(storage_options("ext2", {}), "noatime,nosuid,nodev,errors=remount-ro");
  EXPECT_EQ(storage_options("ext4", {}), "noatime,nosuid,nodev,errors=remount-ro");
  for (const char* type : {"xfs", "btrfs", "f2fs"}) EXPECT_EQ(storage_options(type, {}), "noatime,nosuid,nodev");
}

TEST(StorageOptions, GiveAllToBoincWhereThereAreNoOwners) {
  const kernel::Owner boinc{.user = 100, .group = 101};
  EXPECT_EQ(storage_options("vfat", boinc), "noatime,nosuid,nodev,uid=100,gid=101,umask=0077,utf8");
  EXPECT_EQ(storage_options("exfat", boinc), "noatime,nosuid,nodev,uid=100,gid=101,umask=0077,iocharset=utf8");
}

TEST(Checker, IsThereForExtAndVfat) {
  for (const char* type : {"ext2", "ext3", "ext4"})
    EXPECT_THAT(checker_of(type), ElementsAre("/usr/sbin/e2fsck", "-p")) << type;
  EXPECT_THAT(checker_of("vfat"), ElementsAre("/usr/sbin/fsck.fat", "-a"));
  for (const char* type : {"xfs", "btrfs", "f2fs", "exfat"}) EXPECT_THAT(checker_of(type), IsEmpty()) << type;
}

TEST(CheckResult, IsReadFromTheSumOfConditions) {
  EXPECT_EQ(check_result(0), CheckResult::Clean);
  EXPECT_EQ(check_result(1), CheckResult::Corrected);
  EXPECT_EQ(check_result(2), CheckResult::Corrected);
  EXPECT_EQ(check_result(3), CheckResult::Corrected);
  EXPECT_EQ(check_result(4), CheckResult::Uncorrected);
  EXPECT_EQ(check_result(5), CheckResult::Uncorrected);
  for (const int code : {8, 12, 16, 128, 128 + 9, -1}) EXPECT_EQ(check_result(code), CheckResult::Failed) << code;
  for (const int code : {32, 33, 128 + 15}) EXPECT_EQ(check_result(code), CheckResult::Cancelled) << code;
}

TEST(VfatCheckResult, IsThatOfARunThatFindsNothing) {
  EXPECT_EQ(vfat_check_result({0}), CheckResult::Clean);
  EXPECT_EQ(vfat_check_result({1, 0}), CheckResult::Corrected);
  EXPECT_EQ(vfat_check_result({1, 1, 0}), CheckResult::Corrected);
}

TEST(VfatCheckResult, IsNoneUntilTheThirdRunForFsckFatAlsoGivesUpWithOne) {
  EXPECT_EQ(vfat_check_result({1}), std::nullopt);
  EXPECT_EQ(vfat_check_result({1, 1}), std::nullopt);
  EXPECT_EQ(vfat_check_result({1, 1, 1}), CheckResult::Uncorrected);
}

TEST(VfatCheckResult, IsNoSumOfConditions) {
  // 6: the device can't be opened, which would be "corrected and left uncorrected" from e2fsck.
  for (const int code : {2, 4, 6, 8, 32, 127, 128 + 9, -1}) {
    EXPECT_EQ(vfat_check_result({code}), CheckResult::Failed) << code;
    EXPECT_EQ(vfat_check_result({1, code}), CheckResult::Failed) << code;
  }
  EXPECT_EQ(vfat_check_result({128 + 15}), CheckResult::Cancelled);
  EXPECT_EQ(vfat_check_result({1, 128 + 15}), CheckResult::Cancelled);
}

}  // namespace
}  // namespace uebo::boot
