#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "boot_rows.hpp"
#include "uebo/control/table.hpp"

namespace uebo::control {
namespace {

constexpr std::size_t kUsualBar = 40;
constexpr std::size_t kShortestBar = 16;
constexpr std::size_t kSlowest = 5;

std::string seconds(std::optional<double> time) { return time ? fmt::format("{:.2f}", *time) : "-"; }

std::string waited_for(const ChainLink& link) {
  return link.name + (link.gave.empty() ? "" : ", until it gave " + link.gave);
}

std::string chain_text(const BootReport& report, std::optional<std::size_t> width) {
  const auto chain = critical_chain(report);
  if (chain.empty()) return "nothing has come up yet\n";
  using enum Align;
  Table table({Right, Right, Right, Left});
  table.add({"from", "to", "took", "what"});
  for (const ChainLink& link : chain)
    table.add({seconds(link.from), seconds(link.to), seconds(link.to - link.from), waited_for(link)});
  return fmt::format("{} came up last, {:.2f} s after the kernel's start. It waited for, one after the other:\n\n{}",
                     chain.back().name, chain.back().to, table.text(width));
}

/// One character a step of time: '.' wanted, '-' started, '=' its process runs, until it is up; '~' the next one of the
/// chain still waits for what it gives.
class Bars {
 public:
  Bars(double end, std::size_t length) : end_(end), length_(length) {}

  [[nodiscard]] std::string bar(const BootRow& row) const {
    std::string bar(length_, ' ');
    const double until = row.up.value_or(end_);
    fill(bar, '.', row.wanted, row.started.value_or(until));
    if (row.started) fill(bar, '-', *row.started, row.running.value_or(until));
    if (row.running) fill(bar, '=', *row.running, until);
    if (row.waited_for_until.value_or(0) > until) fill(bar, '~', until, *row.waited_for_until);
    return bar;
  }

 private:
  [[nodiscard]] std::size_t place(double time) const {
    if (end_ <= 0) return 0;
    return static_cast<std::size_t>(std::clamp(time / end_, 0.0, 1.0) * static_cast<double>(length_ - 1));
  }
  void fill(std::string& bar, char mark, double from, double to) const {
    for (std::size_t i = place(from); i <= place(std::max(from, to)); ++i) bar[i] = mark;
  }

  double end_;
  std::size_t length_;
};

std::vector<std::string> cells_of(const BootRow& row) {
  const std::string unfinished = row.up ? "" : " (" + row.state + ")";
  const std::optional<double> took = row.up && row.started ? std::optional(*row.up - *row.started) : std::nullopt;
  const std::optional<double> waited = row.started ? std::optional(*row.started - row.wanted) : std::nullopt;
  const bool unit = row.kind == BootRow::Kind::Job || row.kind == BootRow::Kind::Service;
  return {seconds(row.started),
          seconds(row.up),
          seconds(took),
          unit ? seconds(waited) : "",
          std::string(name_of(row.kind)),
          (row.waited_for_until ? "* " : "  ") + row.name + unfinished};
}

/// Columns that `cells` take, with the gaps behind them.
std::size_t columns_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  std::size_t sum = 0;
  for (const std::size_t width : widths) sum += width + 2;
  return sum;
}

std::string rows_text(const std::vector<BootRow>& rows, std::optional<std::size_t> width) {
  std::vector<std::vector<std::string>> cells{{"from", "up", "took", "waited", "kind", "  name"}};
  for (const BootRow& row : rows) cells.push_back(cells_of(row));
  const std::size_t taken = columns_of(cells);
  const std::size_t left = width ? *width - std::min(*width, taken) : kUsualBar;
  const bool has_bars = left >= kShortestBar;
  using enum Align;
  std::vector<Align> columns{Right, Right, Right, Right, Left, Left};
  if (has_bars) {
    const Bars bars(end_of(rows), std::min(left, kUsualBar));
    columns.push_back(Left);
    cells.front().push_back(fmt::format("0 s to {:.2f} s", end_of(rows)));
    for (std::size_t i = 0; i < rows.size(); ++i) cells[i + 1].push_back(bars.bar(rows[i]));
  }
  Table table(columns);
  for (auto& row : cells) table.add(std::move(row));
  const char* bars_are = ". waits, - starts, = runs until it is up, ~ until the next one could begin\n";
  return table.text(width) + "* leads to the last one\n" + (has_bars ? bars_are : "");
}

std::string slowest_text(const std::vector<BootRow>& rows, std::size_t width) {
  const auto took = [](const BootRow& row) { return row.up && row.started ? *row.up - *row.started : 0; };
  const double end = end_of(rows);
  std::vector<BootRow> sorted;
  std::ranges::copy_if(rows, std::back_inserter(sorted), [end](const BootRow& row) { return row.up <= end; });
  std::ranges::stable_sort(sorted, std::ranges::greater{}, took);
  std::vector<std::string> words{"slowest:"};
  for (const BootRow& row : sorted) {
    if (words.size() > kSlowest || took(row) <= 0) break;
    words.push_back(fmt::format("{}{} {:.2f}", words.size() > 1 ? "| " : "", row.name, took(row)));
  }
  return words.size() > 1 ? wrapped(words, width, "  ") : "";
}

}  // namespace

std::string boot_text(const BootReport& report, std::optional<std::size_t> width) {
  constexpr std::size_t usual = 80;
  const auto rows = boot_rows(report);
  return chain_text(report, width) + "\n" + rows_text(rows, width) + slowest_text(rows, width.value_or(usual));
}

}  // namespace uebo::control
