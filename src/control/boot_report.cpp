#include "uebo/control/boot_report.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "view_json.hpp"

namespace uebo::control {
namespace {

/// Times are rounded to a millisecond, and PID 1 does one thing after the other.
constexpr double kAtOnce = 0.02;

double time_field(const Json& object, const char* name) {
  return std::max(0.0, number_field(object, name).value_or(0));
}

BootUnit unit_of(const Json& json) {
  BootUnit unit;
  unit.name = text_field(json, "name");
  unit.job = bool_field(json, "job").value_or(false);
  unit.state = text_field(json, "state");
  unit.waits_on = text_list(json, "waits_on");
  unit.started = number_field(json, "started");
  unit.running = number_field(json, "running");
  unit.up = number_field(json, "up");
  unit.wanted = number_field(json, "wanted").value_or(unit.started.value_or(0));
  return unit;
}

template <class Item>
const Item* find(const std::vector<Item>& items, const std::string& name) {
  const auto found = std::ranges::find(items, name, &Item::name);
  return found == items.end() ? nullptr : &*found;
}

/// What a unit waited for last.
struct Cause {
  std::string by;         // a unit, or somebody else
  std::string condition;  // empty: the unit itself
  double when = 0;
};

std::optional<Cause> cause_named(const BootReport& report, const std::string& name) {
  if (const auto* condition = find(report.conditions, name))
    return Cause{.by = condition->by, .condition = name, .when = condition->set};
  const auto* unit = find(report.units, name);
  if (!unit || !unit->up) return std::nullopt;
  return Cause{.by = name, .condition = {}, .when = *unit->up};
}

std::optional<Cause> cause_of(const BootReport& report, const BootUnit& unit) {
  std::optional<Cause> last;
  for (const std::string& name : unit.waits_on) {
    const auto cause = cause_named(report, name);
    // What came later than the start was not waited for: wants are given up at some time.
    if (!cause || !unit.started || cause->when > *unit.started) continue;
    if (!last || cause->when > last->when) last = cause;
  }
  return last;
}

/// Of the services; of the jobs, where no service has come up. A job may go on for long after everything is there: some
/// only bound what others wait for, and a chain passes through it where somebody did wait.
const BootUnit* last_up(const std::vector<BootUnit>& units) {
  const BootUnit* last = nullptr;
  const auto rank = [](const BootUnit& unit) { return std::pair(!unit.job, unit.up); };
  for (const BootUnit& unit : units)
    if (unit.up && unit.started && (!last || rank(unit) > rank(*last))) last = &unit;
  return last;
}

/// From the last unit back to one that waited for none, the last one first.
class WayBack {
 public:
  explicit WayBack(const BootReport& report) : report_(report), begin_(supervised_since(report)) {}

  std::vector<ChainLink> from(const BootUnit& last) {
    const BootUnit* unit = &last;
    double until = *last.up;
    std::string gave;
    while (unit && seen_.insert(unit->name).second) {
      links_.push_back({.name = unit->name, .gave = gave, .from = *unit->started, .to = until});
      const auto cause = cause_of(report_, *unit);
      const double wanted_later = unit->wanted - std::max(begin_, cause ? cause->when : 0);
      if (wanted_later > kAtOnce) {
        links_.push_back({.name = unit->name + " asked for", .gave = {}, .from = begin_, .to = unit->wanted});
        break;
      }
      if (!cause || cause->when <= begin_) break;
      unit = unit_behind(*cause);
      if (!unit) links_.push_back({.name = cause->condition, .gave = {}, .from = begin_, .to = cause->when});
      gave = cause->condition;
      until = cause->when;
    }
    return std::move(links_);
  }

 private:
  [[nodiscard]] const BootUnit* unit_behind(const Cause& cause) const {
    const auto* unit = find(report_.units, cause.by);
    return unit && unit->started && *unit->started <= cause.when ? unit : nullptr;
  }

  const BootReport& report_;
  double begin_;
  std::set<std::string> seen_;
  std::vector<ChainLink> links_;
};

}  // namespace

BootReport boot_report(const Json& answer) {
  BootReport report;
  report.kernel = time_field(answer, "kernel");
  for (const Json& step : field(answer, "phases"))
    report.steps.push_back(
        {.name = text_field(step, "name"), .started = time_field(step, "started"), .ended = time_field(step, "ended")});
  for (const Json& unit : field(answer, "units")) report.units.push_back(unit_of(unit));
  for (const Json& condition : field(answer, "conditions"))
    report.conditions.push_back({.name = text_field(condition, "name"),
                                 .set = time_field(condition, "set"),
                                 .by = text_field(condition, "by")});
  return report;
}

double supervised_since(const BootReport& report) {
  double since = report.kernel;
  for (const BootStep& step : report.steps) since = std::max(since, step.ended);
  return since;
}

std::vector<BootUnit> units_of_the_boot(const BootReport& report) {
  std::vector<BootUnit> units = report.units;
  std::ranges::stable_sort(units, {}, &BootUnit::wanted);
  // Reading the service files takes its time on a slow board: the boot goes on with whoever is asked for first.
  double all_up = units.empty() ? 0 : std::max(supervised_since(report), units.front().wanted);
  const auto later = std::ranges::find_if(units, [&](const BootUnit& unit) {
    if (unit.wanted > all_up + kAtOnce) return true;
    all_up = std::max(all_up, unit.up.value_or(0));
    return false;
  });
  units.erase(later, units.end());
  return units;
}

std::vector<ChainLink> critical_chain(const BootReport& report) {
  const auto units = units_of_the_boot(report);
  const BootUnit* last = last_up(units);
  if (!last) return {};
  std::vector<ChainLink> links = WayBack(report).from(*last);
  links.push_back({.name = "PID 1, in line", .gave = {}, .from = report.kernel, .to = supervised_since(report)});
  links.push_back({.name = "the kernel", .gave = {}, .from = 0, .to = report.kernel});
  std::ranges::reverse(links);
  return links;
}

}  // namespace uebo::control
