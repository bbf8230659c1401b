#include "uebo/metrics/families.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace uebo::metrics {
namespace {

TEST(Families, AreWrittenInTheTextFormat) {
  Families families;
  families.gauge("uebo_up", "Whether PID 1 answers", 1);
  families.counter("uebo_restarts_total", "Starts after the first", 3, {{"service", "boinc"}});
  EXPECT_EQ(families.text(),
            "# HELP uebo_up Whether PID 1 answers\n# TYPE uebo_up gauge\nuebo_up 1\n"
            "# HELP uebo_restarts_total Starts after the first\n# TYPE uebo_restarts_total counter\n"
            "uebo_restarts_total{service=\"boinc\"} 3\n");
}

TEST(Families, KeepTheSamplesOfANameTogether) {
  Families families;
  families.gauge("a", "First", 1, {{"n", "1"}});
  families.gauge("b", "Second", 2);
  families.gauge("a", "First", 3, {{"n", "2"}});
  EXPECT_EQ(families.text(),
            "# HELP a First\n# TYPE a gauge\na{n=\"1\"} 1\na{n=\"2\"} 3\n# HELP b Second\n# TYPE b gauge\nb 2\n");
}

TEST(Families, EscapeWhatALabelMustNotHold) {
  Families families;
  families.gauge("a", "Help", 1, {{"name", "a\"b\\c"}});
  EXPECT_NE(families.text().find("a{name=\"a\\\"b\\\\c\"} 1\n"), std::string::npos);
}

TEST(Families, ReplaceWhatIsNoPrintableUtf8InALabel) {
  const std::string mark = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"plain ~ \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "plain ~ \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"a\nb\tc\x7f", "a" + mark + "b" + mark + "c" + mark},
      {std::string("\0", 1), mark},
      {"\xc2\x85", mark + mark},                        // a control character of ISO 8859
      {"\xff\x80", mark + mark},                        // never in UTF-8
      {"x\xc3", "x" + mark},                            // cut short
      {"\xe2\x82y", mark + mark + "y"},                 // likewise, in the middle
      {"\xc0\xaf", mark + mark},                        // longer than need be
      {"\xed\xa0\x80", mark + mark + mark},             // half of a pair of UTF-16
      {"\xf4\x90\x80\x80", mark + mark + mark + mark},  // beyond the last character
  };
  for (const auto& [value, expected] : cases) {
    Families families;
    families.gauge("a", "Help", 1, {{"name", value}});
    EXPECT_NE(families.text().find("a{name=\"" + expected + "\"} 1\n"), std::string::npos) << families.text();
  }
}

TEST(Families, ValuesAreAsShortAsTheyCanBeReadBack) {
  Families families;
  for (const double value : {0.1, 1.0 / 3, 270553174016.0, 1e300, -2.0})
    families.gauge("a", "Help", value, {{"of", std::to_string(value)}});
  families.gauge("b", "Help", std::numeric_limits<double>::quiet_NaN());
  families.gauge("c", "Help", std::numeric_limits<double>::infinity());
  families.gauge("d", "Help", -std::numeric_limits<double>::infinity());
  const std::string text = families.text();
  for (const auto* const line : {"\"} 0.1\n", "\"} 0.3333333333333333\n", "\"} 270553174016\n", "\"} 1e+300\n",
                                 "\"} -2\n", "b NaN\n", "c +Inf\n", "d -Inf\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Families, ANameThatFitsNoTypeIsUntyped) {
  Families families;
  families.untyped("tasks_total", "Tasks there are", 2);
  EXPECT_EQ(families.text(), "# HELP tasks_total Tasks there are\n# TYPE tasks_total untyped\ntasks_total 2\n");
}

}  // namespace
}  // namespace uebo::metrics
