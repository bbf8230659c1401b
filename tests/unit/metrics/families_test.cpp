#include "uebo/metrics/families.hpp"

#include <gtest/gtest.h>

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
  families.gauge("a", "Help", 1, {{"name", "a\"b\\c\nd"}});
  EXPECT_NE(families.text().find("a{name=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace uebo::metrics
