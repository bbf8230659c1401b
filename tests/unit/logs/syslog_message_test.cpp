#include "uebo/logs/syslog_message.hpp"

#include <gtest/gtest.h>

namespace uebo::logs {
namespace {

using namespace std::chrono;

constexpr LogTime kTime = sys_days(2003y / 10 / 11) + 22h + 14min + 15s + 3ms;

std::string message_of(std::string_view text) {
  return syslog_message({.time = kTime, .host = "mymachine.example.com", .service = "su", .text = text});
}

/// After the examples of RFC 5424, section 6.5, with our facility.
TEST(SyslogMessage, HasTheFormOfTheExamples) {
  EXPECT_EQ(message_of("'su root' failed for lonvick on /dev/pts/8"),
            "<30>1 2003-10-11T22:14:15.003Z mymachine.example.com su - - - 'su root' failed for lonvick on /dev/pts/8");
}

struct SeverityCase {
  std::string_view text;
  std::string_view priority;  // facility 3 * 8 + severity
};
class SyslogSeverity : public testing::TestWithParam<SeverityCase> {};
TEST_P(SyslogSeverity, FollowsTheWordInFront) {
  EXPECT_TRUE(message_of(GetParam().text).starts_with(GetParam().priority)) << message_of(GetParam().text);
  EXPECT_TRUE(message_of(GetParam().text).ends_with(GetParam().text)) << "the word stays";
}
INSTANTIATE_TEST_SUITE_P(All, SyslogSeverity,
                         testing::Values(SeverityCase{"error: no memory", "<27>1 "},
                                         SeverityCase{"warning: late", "<28>1 "}, SeverityCase{"started", "<30>1 "},
                                         SeverityCase{"an error: no memory", "<30>1 "}, SeverityCase{"", "<30>1 "}));

TEST(SyslogMessage, SaysNothingWhereNothingIsKnown) {
  EXPECT_EQ(syslog_message({.time = std::nullopt, .host = "", .service = "", .text = "x"}), "<30>1 - - - - - - x");
}

TEST(SyslogMessage, MarksUtf8AndNothingElse) {
  EXPECT_TRUE(message_of("gr\xc3\xbc\xc3\x9f").ends_with(" - - - \xEF\xBB\xBFgr\xc3\xbc\xc3\x9f"));
  EXPECT_TRUE(message_of("plain").ends_with(" - - - plain"));
  EXPECT_TRUE(message_of("\xff\xfe").ends_with(" - - - \xff\xfe")) << "that is MSG-ANY";
  EXPECT_TRUE(message_of("cut \xc3").ends_with(" - - - cut \xc3"));
  // RFC 3629: longer than it has to be, half a pair of UTF-16, beyond U+10FFFF.
  for (const char* wrong : {"\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80"})
    EXPECT_TRUE(message_of(wrong).ends_with(std::string(" - - - ") + wrong)) << wrong;
  for (const char* least : {"\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(message_of(least).ends_with(std::string(" - - - \xEF\xBB\xBF") + least)) << least;
}

TEST(SyslogMessage, FieldsArePrintableAndBounded) {
  const std::string message =
      syslog_message({.time = kTime, .host = "a b\xc3\xa9", .service = std::string(64, 's'), .text = "x"});
  EXPECT_EQ(message, "<30>1 2003-10-11T22:14:15.003Z a?b?? " + std::string(48, 's') + " - - - x");
}

TEST(SyslogMessage, IsNoLongerThanEveryReceiverTakes) {
  EXPECT_EQ(message_of(std::string(4096, 'x')).size(), kLongestMessage);
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'x');
    while (text.size() < 4096) text += "\xe2\x82\xac";
    const std::string message = message_of(text);
    EXPECT_LE(message.size(), kLongestMessage);
    EXPECT_GT(message.size(), kLongestMessage - 3);
    EXPECT_TRUE(message.ends_with("\xe2\x82\xac")) << "whole characters, shifted by " << shift;
  }
}

}  // namespace
}  // namespace uebo::logs
