#include "uebo/web/node_metrics.hpp"

#include <array>
#include <set>
#include <span>
#include <string_view>

#include "uebo/config/conditions.hpp"
#include "uebo/supervise/exit_reason.hpp"
#include "uebo/supervise/unit.hpp"

namespace uebo::web {
namespace {

using control::field;
using control::Json;
using control::number_field;
using control::string_field;
using metrics::Families;
using metrics::Labels;

enum class Kind { Gauge, Counter };

/// A field that is a number, or true or false, and the metric that it becomes.
struct FieldMetric {
  const char* field;
  Kind kind;
  std::string_view name;
  std::string_view help;
};

constexpr std::array<FieldMetric, 16> kUnitFields{{
    {"enabled", Kind::Gauge, "uebo_service_enabled", "Whether it is started without being asked for"},
    {"wanted", Kind::Gauge, "uebo_service_wanted", "Whether it is to be up, by its file and by people"},
    {"up", Kind::Gauge, "uebo_service_up", "Whether it serves: it runs, and is ready where it tells that"},
    {"failures", Kind::Gauge, "uebo_service_failures", "How often it has failed in a row, without a stable run"},
    {"waiting_for", Kind::Gauge, "uebo_service_waiting_seconds", "How long it has been waiting for what it needs"},
    {"restarts", Kind::Counter, "uebo_service_restarts_total", "How often it was started again after it had ended"},
    {"memory", Kind::Gauge, "uebo_service_memory_bytes", "Memory of all its processes, their page cache included"},
    {"memory_peak", Kind::Gauge, "uebo_service_memory_peak_bytes", "The most memory that one of its runs had"},
    {"cpu", Kind::Counter, "uebo_service_cpu_seconds_total", "CPU time of all its processes, of all its runs"},
    {"oom_kills", Kind::Counter, "uebo_service_oom_kills_total", "Its processes that were killed for want of memory"},
    {"log_lines", Kind::Counter, "uebo_service_log_lines_total", "Lines that it wrote"},
    {"log_dropped", Kind::Counter, "uebo_service_log_dropped_lines_total", "Lines of it that could not be kept"},
    {"log_bytes", Kind::Counter, "uebo_service_log_bytes_total", "Bytes that it wrote"},
    {"log_rotations", Kind::Counter, "uebo_service_log_rotations_total", "How often its log was full and a file begun"},
    {"running_for", Kind::Gauge, "uebo_service_running_seconds", "How long it has been running"},
    {"next_try_in", Kind::Gauge, "uebo_service_next_try_seconds", "When it is started again after a failure"},
}};

constexpr std::array<FieldMetric, 7> kPid1Fields{{
    {"memory", Kind::Gauge, "uebo_pid1_resident_memory_bytes", "Resident memory of PID 1"},
    {"cpu", Kind::Counter, "uebo_pid1_cpu_seconds_total", "CPU time of PID 1"},
    {"descriptors", Kind::Gauge, "uebo_pid1_open_fds", "Open descriptors of PID 1"},
    {"log_lines", Kind::Counter, "uebo_pid1_log_lines_total", "Lines of PID 1's own log"},
    {"log_bytes", Kind::Counter, "uebo_pid1_log_bytes_total", "Bytes of PID 1's own log"},
    {"log_rotations", Kind::Counter, "uebo_pid1_log_rotations_total", "How often PID 1's own log was full"},
    {"log_dropped", Kind::Counter, "uebo_pid1_log_dropped_lines_total", "Lines of PID 1 that could not be kept"},
}};

constexpr std::array<FieldMetric, 5> kWatchdogFields{{
    {"armed", Kind::Gauge, "uebo_watchdog_armed", "Whether the board's watchdog runs, and PID 1 feeds it"},
    {"timeout", Kind::Gauge, "uebo_watchdog_timeout_seconds", "How long after the last feed it resets the board"},
    {"feeds", Kind::Counter, "uebo_watchdog_feeds_total", "How often it was fed"},
    {"withheld", Kind::Counter, "uebo_watchdog_withheld_total",
     "How often it was due and was not fed, since PID 1 did not answer itself"},
    {"ended_last_boot", Kind::Gauge, "uebo_watchdog_ended_last_boot", "Whether the last boot was ended by its reset"},
}};

constexpr std::array<FieldMetric, 2> kNodeFields{{
    {"shutting_down", Kind::Gauge, "uebo_shutting_down", "Whether the node is going down"},
    {"generation", Kind::Counter, "uebo_changes_total", "Changes of services' states and of conditions"},
}};

std::optional<double> value_of(const Json& object, const char* name) {
  if (const auto truth = control::bool_field(object, name)) return *truth ? 1 : 0;
  return number_field(object, name);
}

void add_fields(Families& families, std::span<const FieldMetric> table, const Json& object, const Labels& labels) {
  for (const FieldMetric& metric : table) {
    const auto value = value_of(object, metric.field);
    if (!value) continue;
    if (metric.kind == Kind::Counter)
      families.counter(metric.name, metric.help, *value, labels);
    else
      families.gauge(metric.name, metric.help, *value, labels);
  }
}

void add_step(Families& families, std::string kind, std::string name, std::optional<double> start,
              std::optional<double> end) {
  const Labels labels{{"kind", std::move(kind)}, {"phase", std::move(name)}};
  if (start)
    families.gauge("uebo_boot_phase_start_seconds", "When a phase of the boot began, after the kernel's start", *start,
                   labels);
  if (end)
    families.gauge("uebo_boot_phase_end_seconds", "When a phase of the boot was over, after the kernel's start", *end,
                   labels);
}

void add_unit(Families& families, const Json& unit) {
  const auto name = string_field(unit, "name");
  const auto state = string_field(unit, "state");
  if (!name || !state) return;
  families.gauge("uebo_service_info", "A service, or a job of the boot", 1,
                 {{"service", *name}, {"type", string_field(unit, "type").value_or("")}});
  for (const std::string_view known : supervise::state_names())
    families.gauge("uebo_service_state", "Whether this is its state", known == *state ? 1 : 0,
                   {{"service", *name}, {"state", std::string(known)}});
  const Json& exits = field(unit, "exits");
  for (std::size_t kind = 0; kind < supervise::kExitKinds; ++kind) {
    const std::string reason(name_of(static_cast<supervise::ExitReason::Kind>(kind)));
    if (const auto count = number_field(exits, reason.c_str()))
      families.counter("uebo_service_exits_total", "How its runs have ended, those that were stopped too", *count,
                       {{"service", *name}, {"reason", reason}});
  }
  add_fields(families, kUnitFields, unit, {{"service", *name}});
  add_step(families, string_field(unit, "type") == "job" ? "job" : "service", *name,
           number_field(unit, "first_started"), number_field(unit, "first_up"));
}

/// The fixed ones always; of links those that have a carrier.
void add_conditions(Families& families, const Json& conditions) {
  std::set<std::string> names;
  for (const auto& condition : config::conditions()) names.emplace(condition.name);
  if (conditions.is_object())
    for (const auto& [name, holders] : conditions.items()) names.insert(name);
  for (const std::string& name : names)
    families.gauge("uebo_condition", "Whether a condition holds: see uebo check --conditions",
                   conditions.contains(name) ? 1 : 0, {{"condition", name}});
}

}  // namespace

void add_facts(Families& families, const NodeFacts& facts) {
  families.gauge(
      "uebo_build_info", "The image that runs", 1,
      {{"version", facts.version}, {"arch", facts.architecture}, {"kernel", facts.kernel}, {"suite", facts.suite}});
  if (facts.image_built)
    families.gauge("uebo_image_build_timestamp_seconds", "When the image was built",
                   std::chrono::duration<double>(facts.image_built->time_since_epoch()).count());
  families.gauge("uebo_node_info", "The node: its name, and the board that has it", 1,
                 {{"hostname", facts.host_name}, {"id", facts.id}, {"mac", facts.mac}});
  families.gauge("uebo_storage_mounted", "Whether something is mounted on /storage", facts.storage ? 1 : 0);
  if (!facts.storage) return;
  families.gauge("uebo_storage_info", "What is mounted on /storage", 1,
                 {{"source", facts.storage->source}, {"fstype", facts.storage->type}});
  families.gauge("uebo_storage_read_only", "Whether /storage can't be written to", facts.storage->read_only ? 1 : 0);
}

void add_boot(Families& families, const Json& boot) {
  if (const auto kernel = number_field(boot, "kernel")) add_step(families, "kernel", "kernel", 0, kernel);
  for (const Json& phase : field(boot, "phases"))
    if (const auto name = string_field(phase, "name"))
      add_step(families, "phase", *name, number_field(phase, "started"), number_field(phase, "ended"));
}

void add_status(Families& families, const Json& status) {
  add_fields(families, kNodeFields, status, {});
  add_conditions(families, field(status, "conditions"));
  for (const Json& unit : field(status, "units")) add_unit(families, unit);
  add_fields(families, kPid1Fields, field(status, "pid1"), {});
  add_fields(families, kWatchdogFields, field(status, "watchdog"), {});
}

}  // namespace uebo::web
