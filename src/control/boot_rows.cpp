#include "boot_rows.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

namespace uebo::control {

namespace {

BootRow ended_row(std::string name, BootRow::Kind kind, double from, double to) {
  return {.name = std::move(name),
          .kind = kind,
          .state = {},
          .wanted = from,
          .started = from,
          .running = from,
          .up = to,
          .waited_for_until = to};
}

BootRow unit_row(const BootUnit& unit) {
  return {.name = unit.name,
          .kind = unit.job ? BootRow::Kind::Job : BootRow::Kind::Service,
          .state = unit.state,
          .wanted = unit.wanted,
          .started = unit.started,
          .running = unit.running,
          .up = unit.up,
          .waited_for_until = std::nullopt};
}

/// The chain's first two links are the kernel and the steps, which have rows already.
void add_chain(const std::vector<ChainLink>& chain, std::vector<BootRow>& rows) {
  constexpr std::size_t before_units = 2;
  for (std::size_t i = before_units; i < chain.size(); ++i) {
    const auto row = std::ranges::find(rows, chain[i].name, &BootRow::name);
    if (row == rows.end())
      rows.push_back(ended_row(chain[i].name, BootRow::Kind::Outside, chain[i].from, chain[i].to));
    else
      row->waited_for_until = chain[i].to;
  }
}

}  // namespace

std::vector<BootRow> boot_rows(const BootReport& report) {
  std::vector<BootRow> units;
  for (const BootUnit& unit : units_of_the_boot(report)) units.push_back(unit_row(unit));
  add_chain(critical_chain(report), units);
  std::ranges::stable_sort(units, {},
                           [](const BootRow& row) { return row.started.value_or(std::numeric_limits<double>::max()); });
  std::vector<BootRow> rows{ended_row("the kernel", BootRow::Kind::Kernel, 0, report.kernel)};
  for (const BootStep& step : report.steps)
    rows.push_back(ended_row(step.name, BootRow::Kind::Step, step.started, step.ended));
  rows.insert(rows.end(), std::make_move_iterator(units.begin()), std::make_move_iterator(units.end()));
  return rows;
}

double end_of(const std::vector<BootRow>& rows) {
  const auto is_service_up = [](const BootRow& row) { return row.kind == BootRow::Kind::Service && row.up; };
  const bool jobs_count = std::ranges::none_of(rows, is_service_up);
  double end = 0;
  for (const BootRow& row : rows)
    if (jobs_count || row.kind != BootRow::Kind::Job)
      end = std::max({end, row.up.value_or(0), row.started.value_or(0), row.wanted});
  return end;
}

std::string_view name_of(BootRow::Kind kind) {
  constexpr std::array<std::string_view, 5> names{"kernel", "step", "job", "service", "outside"};
  static_assert(names.size() == static_cast<std::size_t>(BootRow::Kind::Outside) + 1);
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace uebo::control
