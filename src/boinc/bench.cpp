#include "uebo/boinc/bench.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>

#include "uebo/base/file.hpp"
#include "uebo/boinc/settings_file.hpp"
#include "uebo/kernel/affinity.hpp"
#include "uebo/kernel/device_tree.hpp"

namespace uebo::boinc {
namespace {

constexpr const char* kUntold = "not told";
constexpr double kMillion = 1e6;

/// Device tree strings end with a zero.
std::string text_of(const std::string& path) {
  std::string text = read_file(path).value_or("");
  std::ranges::replace(text, '\0', ' ');
  return std::string(trim(text));
}

unsigned highest_clock(const std::string& processors, int core) {
  const std::string text = text_of(fmt::format("{}/cpu{}/cpufreq/cpuinfo_max_freq", processors, core));
  unsigned kilohertz = 0;
  std::from_chars(text.data(), text.data() + text.size(), kilohertz);
  return kilohertz / 1000;
}

std::string or_untold(const std::string& text) { return text.empty() ? std::string(kUntold) : text; }

std::string clocks_of(const BoardFacts& facts) {
  std::string text;
  for (const auto& [clock, count] : facts.cores)
    if (clock > 0) text += fmt::format("{}{} MHz", text.empty() ? "" : ", ", clock);
  return or_untold(text);
}

/// "2 + 4": the fast ones first, as the clocks are.
std::string cores_of(const BoardFacts& facts) {
  std::string text;
  for (const auto& [clock, count] : facts.cores) text += fmt::format("{}{}", text.empty() ? "" : " + ", count);
  return text;
}

std::string in_a_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell;
}

}  // namespace

BoardFacts board_facts(const BoardPaths& paths) {
  BoardFacts facts;
  facts.device = text_of(paths.device_tree + "/model");
  if (facts.device.empty()) facts.device = text_of(paths.dmi + "/product_name");
  if (const auto compatible = kernel::device_tree_compatible(paths.device_tree + "/compatible");
      compatible && !compatible->empty())
    facts.soc = compatible->back();
  if (const auto cores = kernel::usable_cores(paths.processors))
    for (const auto& core : *cores) ++facts.cores[highest_clock(paths.processors, core.number)];
  utsname system{};
  uname(&system);
  facts.architecture = system.machine;
  facts.kernel = system.release;
  return facts;
}

std::vector<BenchCell> bench_row(const BoardFacts& facts, double whetstone, double dhrystone) {
  return {{.column = "Device", .value = or_untold(facts.device)},
          {.column = "Clock", .value = clocks_of(facts)},
          {.column = "SoC", .value = or_untold(facts.soc)},
          {.column = "Cores", .value = cores_of(facts)},
          {.column = "Architecture", .value = facts.architecture},
          {.column = "Whetstone, MFLOPS a core", .value = fmt::format("{:.0f}", whetstone / kMillion)},
          {.column = "Dhrystone, MIPS a core", .value = fmt::format("{:.0f}", dhrystone / kMillion)},
          {.column = "Kernel", .value = facts.kernel}};
}

std::string bench_markdown(const std::vector<BenchCell>& row, bool with_head) {
  std::string head = "|";
  std::string rule = "|";
  std::string cells = "|";
  for (const BenchCell& cell : row) {
    head += " " + cell.column + " |";
    rule += "---|";
    cells += " " + in_a_cell(cell.value) + " |";
  }
  return (with_head ? head + "\n" + rule + "\n" : std::string()) + cells + "\n";
}

std::string bench_text(const std::vector<BenchCell>& row) {
  std::size_t width = 0;
  for (const BenchCell& cell : row) width = std::max(width, cell.column.size());
  std::string text;
  for (const BenchCell& cell : row) text += fmt::format("{:{}}  {}\n", cell.column, width, cell.value);
  return text;
}

}  // namespace uebo::boinc
