#include "uebo/config/units.hpp"

#include <gtest/gtest.h>

namespace uebo::config {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, KnowsItsUnitsAndTakesABareNumberAsSeconds) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("75s"), milliseconds(75'000));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "10 s", " 10s", "-1s", "+1s", "1.5s", "10S", "10sec", "10d", "0x10", "10s "})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(ParseDuration, RefusesWhatOverflows) {
  EXPECT_EQ(parse_duration("4294967295ms"), milliseconds(4294967295));
  EXPECT_EQ(parse_duration("4294967296ms"), std::nullopt);
  EXPECT_EQ(parse_duration("2000h"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999"), std::nullopt);
}

TEST(ParseSize, CountsInPowersOf1024) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_percent("50%"), 50U);
  for (const auto* const text : {"50", "%", "", "5.5%", "50%%", "-5%"}) EXPECT_FALSE(parse_percent(text)) << text;
  EXPECT_EQ(parse_size("10k"), 10'240U);
  EXPECT_EQ(parse_size("10K"), 10'240U);
  EXPECT_EQ(parse_size("40M"), 41'943'040U);
  EXPECT_EQ(parse_size("2G"), 2'147'483'648U);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "M", "-1", "1.5M", "10kB", "10 k", "1T", "90%", "17179869184G"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

}  // namespace
}  // namespace uebo::config
