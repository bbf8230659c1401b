#include "uebo/boinc/bench.hpp"

#include <gmock/gmock.h>

#include "../kernel/test_tree.hpp"
#include "uebo/kernel/affinity.hpp"

namespace uebo::boinc {
namespace {

using testing::HasSubstr;

BoardFacts rockpro() {
  return {.device = "Pine64 RockPro64 v2.1",
          .cores = {{1416, 4}, {1800, 2}},
          .soc = "rockchip,rk3399",
          .architecture = "aarch64",
          .kernel = "6.12.48"};
}

TEST(Bench, ARowHasAllColumnsOfTheTable) {
  EXPECT_EQ(
      bench_markdown(bench_row(rockpro(), 1.2345e9, 6.7891e9), true),
      "| Device | Clock | SoC | Cores | Architecture | Whetstone, MFLOPS a core | Dhrystone, MIPS a core | Kernel |\n"
      "|---|---|---|---|---|---|---|---|\n"
      "| Pine64 RockPro64 v2.1 | 1800 MHz, 1416 MHz | rockchip,rk3399 | 2 + 4 | aarch64 | 1234 | 6789 | 6.12.48 |\n");
}

TEST(Bench, WhatTheMachineDoesNotTellIsSaid) {
  BoardFacts facts = rockpro();
  facts.device = "a|b";
  facts.soc.clear();
  facts.cores = {{0, 8}};
  EXPECT_THAT(bench_markdown(bench_row(facts, 1e9, 1e9), false), HasSubstr("| a\\|b | not told | not told | 8 |"));
  EXPECT_THAT(bench_text(bench_row(facts, 1e9, 1e9)), HasSubstr("Whetstone, MFLOPS a core  1000\n"));
}

TEST(Bench, TheDeviceTreeSaysWhatTheBoardIs) {
  const kernel::test::TestTree tree;
  tree.write("dt/model", std::string_view("Pine64 RockPro64 v2.1\0", 22));
  tree.write("dt/compatible", std::string_view("pine64,rockpro64-v2.1\0pine64,rockpro64\0rockchip,rk3399\0", 56));
  tree.write("dmi/product_name", "Standard PC\n");
  const auto cores = kernel::usable_cores().value();
  const int first = cores.front().number;
  tree.write("cpu/cpu" + std::to_string(first) + "/cpufreq/cpuinfo_max_freq", "1800000\n");
  const BoardPaths paths{.device_tree = tree.path("dt"), .dmi = tree.path("dmi"), .processors = tree.path("cpu")};
  const BoardFacts facts = board_facts(paths);
  EXPECT_EQ(facts.device, "Pine64 RockPro64 v2.1");
  EXPECT_EQ(facts.soc, "rockchip,rk3399");
  EXPECT_EQ(facts.cores.at(1800), 1u);
  const BoardFacts computer =
      board_facts({.device_tree = "/nowhere", .dmi = tree.path("dmi"), .processors = tree.path("cpu")});
  EXPECT_EQ(computer.device, "Standard PC");
  EXPECT_EQ(computer.soc, "");
}

}  // namespace
}  // namespace uebo::boinc
