#include "uebo/supervise/notify_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;

struct Good {
  const char* text;
  NotifyMessage message;
};

class ReadNotify : public testing::TestWithParam<Good> {};

TEST_P(ReadNotify, AsSdNotifyWritesIt) {
  const auto parsed = parse_notify(GetParam().text);
  EXPECT_EQ(parsed.message, GetParam().message) << GetParam().text;
  EXPECT_EQ(parsed.bad_lines, 0U) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Messages, ReadNotify,
                         testing::Values(Good{"", {}}, Good{"READY=1", {.ready = true}},
                                         Good{"READY=1\n", {.ready = true}}, Good{"STOPPING=1", {.stopping = true}},
                                         Good{"WATCHDOG=1", {.watchdog = true}},
                                         Good{"WATCHDOG=trigger", {.watchdog_trigger = true}},
                                         Good{"STATUS=Completed 66% of file system check...",
                                              {.status = "Completed 66% of file system check..."}},
                                         Good{"STATUS=", {.status = ""}}, Good{"STATUS=a=b", {.status = "a=b"}},
                                         Good{"STATUS=\x1b[31mred\ttext\x7f", {.status = " [31mred text "}},
                                         Good{"STATUS=first\nSTATUS=second", {.status = "second"}},
                                         Good{"EXTEND_TIMEOUT_USEC=10000000", {.extend_timeout = 10s}},
                                         Good{"WATCHDOG_USEC=20000000", {.watchdog_timeout = 20s}},
                                         Good{"WATCHDOG_USEC=18446744073709551615", {.watchdog_timeout = 24h}},
                                         Good{"EXTEND_TIMEOUT_USEC=99999999999999999999999", {.extend_timeout = 24h}},
                                         Good{"READY=1\nSTATUS=Processing requests...\nMAINPID=4711",
                                              {.ready = true, .status = "Processing requests..."}},
                                         Good{"RELOADING=1\nMONOTONIC_USEC=17", {}}, Good{"FDSTORE=1\nFDNAME=foo", {}},
                                         Good{"BARRIER=1", {}}, Good{"ERRNO=2\nBUSERROR=x\nX_OWN=\n", {}},
                                         Good{"\n\nREADY=1\n\n", {.ready = true}}));

struct Bad {
  const char* text;
  NotifyMessage message;
  unsigned bad_lines = 1;
};

class ReadBadNotify : public testing::TestWithParam<Bad> {};

TEST_P(ReadBadNotify, CostsThatLineAlone) {
  const auto parsed = parse_notify(GetParam().text);
  EXPECT_EQ(parsed.message, GetParam().message) << GetParam().text;
  EXPECT_EQ(parsed.bad_lines, GetParam().bad_lines) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Messages, ReadBadNotify,
                         testing::Values(Bad{"READY=0", {}}, Bad{"READY=", {}}, Bad{"READY=11", {}}, Bad{"READY", {}},
                                         Bad{"=1", {}, 0}, Bad{"WATCHDOG=yes", {}},
                                         Bad{"STOPPING=true\nREADY=1", {.ready = true}},
                                         Bad{"EXTEND_TIMEOUT_USEC=", {}}, Bad{"EXTEND_TIMEOUT_USEC=-1", {}},
                                         Bad{"EXTEND_TIMEOUT_USEC=0", {}}, Bad{"EXTEND_TIMEOUT_USEC=1s", {}},
                                         Bad{"WATCHDOG_USEC= 5", {}},
                                         Bad{"WATCHDOG_USEC=5\nWATCHDOG_USEC=x", {.watchdog_timeout = 5us}},
                                         Bad{"garbage\nmore garbage\nREADY=1", {.ready = true}, 2}));

TEST(ReadNotify, ANulByteAtTheEndIsNothingAndInsideSpoilsAll) {
  EXPECT_TRUE(parse_notify(std::string_view("READY=1\0", 8)).message.ready);
  const auto parsed = parse_notify(std::string_view("READY=1\0STOPPING=1", 18));
  EXPECT_EQ(parsed.message, NotifyMessage{});
  EXPECT_EQ(parsed.bad_lines, 1U);
}

TEST(ReadNotify, WhatIsTooLongIsNotRead) {
  std::string text = "READY=1\n";
  text.resize(kLongestNotifyMessage, 'x');
  EXPECT_TRUE(parse_notify(text).message.ready);
  text += 'x';
  EXPECT_EQ(parse_notify(text).message, NotifyMessage{});
  EXPECT_EQ(parse_notify(text).bad_lines, 1U);
}

TEST(ReadNotify, ALongStatusIsCutBetweenCharacters) {
  EXPECT_THAT(parse_notify("STATUS=" + std::string(1000, 'x')).message.status.value_or(""),
              SizeIs(kLongestNotifyStatus));
  std::string text = "STATUS=x";
  for (int i = 0; i < 500; ++i) text += "\u00e4";
  EXPECT_THAT(parse_notify(text).message.status.value_or(""), SizeIs(kLongestNotifyStatus - 1));
  EXPECT_THAT(parse_notify("STATUS=" + std::string(1000, '\x80')).message.status.value_or("-"), SizeIs(0));
}

TEST(MergeNotify, TheLaterWinsWhereBothSaySomething) {
  NotifyMessage all{.ready = true, .status = "one", .extend_timeout = 1s};
  merge(all, {.watchdog = true, .status = "two", .watchdog_timeout = 3s});
  const NotifyMessage expected{
      .ready = true, .watchdog = true, .status = "two", .extend_timeout = 1s, .watchdog_timeout = 3s};
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace uebo::supervise
