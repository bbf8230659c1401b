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
  return {.path = path, .type = type, .label = label, .uuid = uuid, .size = 1000};
}

TEST(StorageChoice, IsTheOneWithTheLabel) {
  const auto choice =
      choose_storage({disk("/dev/sda1", "1", "boot"), disk("/dev/sda2", "2"), disk("/dev/sdb", "0", "")});
  ASSERT_TRUE(choice.device);
  EXPECT_EQ(choice.device->path, "/dev/sda2");
  EXPECT_THAT(choice.warnings, IsEmpty());
}

TEST(StorageChoice, IsNoneWithoutTheLabel) { EXPECT_FALSE(choose_storage({disk("/dev/sda", "1", "boot")}).device); }

TEST(StorageChoice, DoesNotDependOnTheOrderOfTheDisks) {
  const BlockDevice low = disk("/dev/sdb", "1111"), high = disk("/dev/sda", "2222");
  for (const auto& devices : {std::vector{low, high}, std::vector{high, low}}) {
    const auto choice = choose_storage(devices);
    EXPECT_EQ(choice.device->path, "/dev/sdb");
    EXPECT_THAT(choice.warnings, ElementsAre(AllOf(HasSubstr("/dev/sda"), HasSubstr("/dev/sdb"))));
  }
}

TEST(StorageChoice, TakesTheFirstOfTwoCopies) {
  EXPECT_EQ(choose_storage({disk("/dev/sda", "1"), disk("/dev/sdb", "1")}).device->path, "/dev/sda");
}

TEST(StorageChoice, SaysThatALabelledPartitionIsEmpty) {
  const auto choice = choose_storage({disk("/dev/sda1", "", "storage", "")});
  EXPECT_FALSE(choice.device);
  EXPECT_THAT(choice.warnings, ElementsAre(HasSubstr("uebo format /dev/sda1")));
}

TEST(CheckResult, IsReadFromTheSumOfConditions) {
  EXPECT_EQ(check_result(0), CheckResult::Clean);
  EXPECT_EQ(check_result(1), CheckResult::Corrected);
  EXPECT_EQ(check_result(2), CheckResult::Corrected);
  EXPECT_EQ(check_result(3), CheckResult::Corrected);
  EXPECT_EQ(check_result(4), CheckResult::Uncorrected);
  EXPECT_EQ(check_result(5), CheckResult::Uncorrected);
  for (const int code : {8, 12, 16, 32, 128, 128 + 9, -1}) EXPECT_EQ(check_result(code), CheckResult::Failed) << code;
}

TEST(ServiceSettings, SayWhatIsDisabledForGood) {
  const kernel::test::TestTree tree;
  tree.write("boinc.json", R"({"enabled": false})");
  tree.write("dropbear.json", R"({"enabled": true})");
  tree.write("ntpd.json", R"({"remarks": "says nothing of it"})");
  tree.write("notes.txt", "no settings");
  const auto settings = read_service_settings(tree.path());
  EXPECT_THAT(settings.enabled, ElementsAre(Pair("boinc", false), Pair("dropbear", true)));
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(ServiceSettings, ThatSayNothingAreALineEach) {
  const kernel::test::TestTree tree;
  tree.write("boinc.json", "{");
  tree.write("ntpd.json", R"({"enabled": "no"})");
  const auto settings = read_service_settings(tree.path());
  EXPECT_THAT(settings.enabled, IsEmpty());
  EXPECT_EQ(settings.warnings.size(), 2U);
}

TEST(ServiceSettings, AreNoneWithoutTheirDirectory) {
  EXPECT_THAT(read_service_settings("/no/such/directory").warnings, IsEmpty());
}

}  // namespace
}  // namespace uebo::boot
