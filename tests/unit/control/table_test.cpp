#include "uebo/control/table.hpp"

#include <gtest/gtest.h>

namespace uebo::control {
namespace {

Table table_of(const std::string& note) {
  Table table({Align::Left, Align::Right, Align::Left});
  table.add({"name", "pid", "notes"});
  table.add({"boinc", "7", note});
  table.add({"x", "1234", ""});
  return table;
}

TEST(Table, AlignsColumnsAndLeavesNoSpacesAtTheEnd) {
  EXPECT_EQ(table_of("waits").text(std::nullopt),
            "name    pid  notes\n"
            "boinc     7  waits\n"
            "x      1234\n");
}

TEST(Table, CutsTheLastColumnToTheWidth) {
  EXPECT_EQ(table_of("waits for storage").text(24),
            "name    pid  notes\n"
            "boinc     7  waits fo...\n"
            "x      1234\n");
  EXPECT_EQ(table_of("waits for").text(22),
            "name    pid  notes\n"
            "boinc     7  waits for\n"
            "x      1234\n");
}

TEST(Table, KeepsABitOfTheLastColumnHoweverNarrowItGets) {
  EXPECT_EQ(table_of("waits for storage").text(3),
            "name    pid  notes\n"
            "boinc     7  waits...\n"
            "x      1234\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({Align::Left, Align::Left});
  table.add({"Gerät", "grüße an alle"});
  table.add({"name", "x"});
  EXPECT_EQ(table.text(17), "Gerät  grüße a...\nname   x\n");
}

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(wrapped({"conditions:", "net,", "storage,", "clock"}, 20, "  "), "conditions: net,\n  storage, clock\n");
  EXPECT_EQ(wrapped({"one", "muchlongerthanthewidth", "two"}, 10, "  "), "one\n  muchlongerthanthewidth\n  two\n");
  EXPECT_EQ(wrapped({}, 10, ""), "");
}

}  // namespace
}  // namespace uebo::control
