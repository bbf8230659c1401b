#include "uebo/boot/consoles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Consoles, AreThoseWithADevice) {
  EXPECT_THAT(console_terminals("ttyAMA0              -W- (EC p a)  204:64\n"
                                "ttyS0                -W- (E  p a)    4:64\n"
                                "netcon0              -W- (E  p  )\n"),
              ElementsAre("ttyAMA0", "ttyS0"));
}

TEST(Consoles, TakeTheFirstVirtualTerminalForTheOneInFront) {
  EXPECT_THAT(console_terminals("tty0                 -WU (EC p  )    4:7\ntty1   -WU (E  p  )    4:1\n"),
              ElementsAre("tty1"));
}

TEST(Consoles, AreNoneInWhatIsNoList) { EXPECT_THAT(console_terminals("\n\nttyS0\n4:64\n: : :\n"), IsEmpty()); }

TEST(TerminalType, TellsVirtualTerminalsFromSerialLines) {
  EXPECT_EQ(terminal_type("tty1"), "linux");
  EXPECT_EQ(terminal_type("ttyS0"), "vt100");
  EXPECT_EQ(terminal_type("ttyAMA0"), "vt100");
  EXPECT_EQ(terminal_type("hvc0"), "vt100");
}

}  // namespace
}  // namespace uebo::boot
