// A board's row in the table of boards: what it is, and how fast by BOINC's own benchmark.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace uebo::boinc {

struct BoardFacts {
  std::string device;                                  // the device tree's model, or the DMI product
  std::map<unsigned, unsigned, std::greater<>> cores;  // how many of each highest clock, in MHz; 0: it is not told
  std::string soc;           // the least specific of the device tree's names: "rockchip,rk3399"
  std::string architecture;  // uname -m
  std::string kernel;        // uname -r
};

/// Where the machine tells of itself; for tests elsewhere.
struct BoardPaths {
  std::string device_tree = "/proc/device-tree";
  std::string dmi = "/sys/class/dmi/id";
  std::string processors = "/sys/devices/system/cpu";
};

[[nodiscard]] BoardFacts board_facts(const BoardPaths& paths = {});

/// A name and a value for each column.
struct BenchCell {
  std::string column;
  std::string value;
};

/// `whetstone` and `dhrystone`: operations a second of one processor, as the client measured them with all at work.
[[nodiscard]] std::vector<BenchCell> bench_row(const BoardFacts& facts, double whetstone, double dhrystone);

/// The head, the rule and the row of a Markdown table, and the row alone.
[[nodiscard]] std::string bench_markdown(const std::vector<BenchCell>& row, bool with_head);
[[nodiscard]] std::string bench_text(const std::vector<BenchCell>& row);

}  // namespace uebo::boinc
