#include "uebo/boot/duplicate_check.hpp"

#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using Finding = DuplicateCheck::Finding;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

kernel::Ipv6Address address(std::string_view text, bool usable, bool taken) {
  return {.address = ip(text), .prefix = 64, .usable = usable, .taken = taken};
}

TEST(DuplicateCheck, TellsOnceWhatBecameOfEachOfItsOwn) {
  DuplicateCheck check({ip("fd00::5"), ip("fd00::6")});
  EXPECT_EQ(check.see(address("fd00::5", false, false)), Finding::None) << "tentative";
  EXPECT_EQ(check.see(address("fd00::7", true, false)), Finding::None) << "a router's prefix has given it";
  EXPECT_EQ(check.see(address("fd00::5", true, false)), Finding::Usable);
  EXPECT_EQ(check.see(address("fd00::5", true, false)), Finding::None);
  EXPECT_EQ(check.open(), std::vector{ip("fd00::6")});
  EXPECT_EQ(check.see(address("fd00::6", false, true)), Finding::Taken);
  EXPECT_TRUE(check.open().empty());
}

}  // namespace
}  // namespace uebo::boot
