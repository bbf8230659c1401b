#include "uebo/boot/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "uebo/boot/module_list.hpp"
#include "uebo/boot/notify.hpp"

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ListLines, LeaveOutCommentsAndBlanks) {
  EXPECT_THAT(list_lines("# modules\n\n  ext4 \nvfat # for cards\r\n#\nlast"), ElementsAre("ext4", "vfat", "last"));
  EXPECT_THAT(list_lines(""), IsEmpty());
}

TEST(SizeText, IsWhatIsPrintedOnADisk) {
  EXPECT_EQ(size_text(999), "999 bytes");
  EXPECT_EQ(size_text(2'000'000'000), "2.0 GB");
  EXPECT_EQ(size_text(999'960), "1.0 MB");
}

TEST(DeviceList, IsNamedAfterTheCompatible) {
  EXPECT_EQ(device_list_path("xunlong,orangepi-pc"), "/etc/devices/xunlong-orangepi-pc");
  EXPECT_EQ(device_list_path("../etc,x"), "/etc/devices/..-etc-x");
}

TEST(Answer, OfPid1IsUnderstood) {
  EXPECT_TRUE(understand_answer(R"({"ok":true})", "r"));
  EXPECT_THAT(understand_answer(R"({"ok":false,"error":"no such service"})", "r").error().message(),
              HasSubstr("no such service"));
  for (const char* answer : {"", "{", "[]", "{}", R"({"ok":"true"})"}) EXPECT_FALSE(understand_answer(answer, "r"));
}

}  // namespace
}  // namespace uebo::boot
