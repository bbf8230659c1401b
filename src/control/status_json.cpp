#include "status_json.hpp"

#include "uebo/kernel/own_process.hpp"

namespace uebo::control {
namespace {

double point(TimePoint time) { return json_seconds(time.time_since_epoch()); }

Json exits_json(const supervise::UnitStatus& unit) {
  Json json = Json::object();
  for (std::size_t kind = 0; kind < unit.exits.size(); ++kind)
    json[std::string(name_of(static_cast<supervise::ExitReason::Kind>(kind)))] = unit.exits[kind];
  return json;
}

Json consul_json(const config::ConsulService& consul) {
  return {{"name", consul.name},
          {"port", consul.port},
          {"tags", consul.tags},
          {"meta", consul.meta},
          {"health", consul.health}};
}

}  // namespace

Json unit_json(const supervise::UnitStatus& unit) {
  Json json{
      {"name", unit.name},
      {"description", unit.description},
      {"type", unit.job ? "job" : "daemon"},
      {"enabled", unit.enabled},
      {"wanted", unit.wanted},
      {"state", unit.state},
      {"waits_for", unit.waits_for},
      {"restarts", unit.restarts},
      {"exits", exits_json(unit)},
      {"oom_kills", unit.oom_kills},
      {"log_lines", unit.log_lines},
      {"log_dropped", unit.log_dropped},
      {"log_bytes", unit.log_bytes},
      {"log_rotations", unit.log_rotations},
  };
  if (unit.detail) json["detail"] = *unit.detail;
  if (unit.main_pid) json["pid"] = *unit.main_pid;
  if (unit.memory) json["memory"] = *unit.memory;
  if (unit.memory_peak) json["memory_peak"] = *unit.memory_peak;
  if (unit.cpu) json["cpu"] = std::chrono::duration<double>(*unit.cpu).count();
  if (unit.running_for) json["running_for"] = json_seconds(*unit.running_for);
  if (unit.next_try_in) json["next_try_in"] = json_seconds(*unit.next_try_in);
  if (unit.last_exit) json["last_exit"] = *unit.last_exit;
  if (unit.first_started) json["first_started"] = point(*unit.first_started);
  if (unit.first_up) json["first_up"] = point(*unit.first_up);
  if (unit.failed_run) json["failed_run"] = {{"reason", unit.failed_run->reason}, {"lines", unit.failed_run->lines}};
  if (unit.consul) json["consul"] = consul_json(*unit.consul);
  return json;
}

Json pid1_json(const supervise::ServiceLog* own_log) {
  Json json = Json::object();
  if (const auto used = kernel::own_process()) {
    json["memory"] = used->memory;
    json["cpu"] = std::chrono::duration<double>(used->cpu).count();
    json["descriptors"] = used->descriptors;
  }
  if (own_log) {
    json["log_lines"] = own_log->lines();
    json["log_dropped"] = own_log->dropped();
    json["log_bytes"] = own_log->bytes();
    json["log_rotations"] = own_log->rotations();
  }
  return json;
}

Json conditions_json(const supervise::Conditions& conditions) {
  Json json = Json::object();
  for (const auto& [name, holders] : conditions.all()) {
    Json& condition = json[name] = Json::object();
    for (const auto& [holder, detail] : holders) condition[holder] = detail;
  }
  return json;
}

Json boot_json(const std::vector<supervise::BootPhase>& phases, const std::vector<supervise::UnitStatus>& units) {
  Json json{{"phases", Json::array()}, {"units", Json::array()}};
  // The clock counts from the kernel's start, and the first phase is the first thing that PID 1 does.
  if (!phases.empty()) json["kernel"] = point(phases.front().started);
  for (const auto& phase : phases)
    json["phases"].push_back({{"name", phase.name}, {"started", point(phase.started)}, {"ended", point(phase.ended)}});
  for (const auto& unit : units) {
    if (!unit.first_started) continue;
    Json entry{{"name", unit.name}, {"job", unit.job}, {"state", unit.state}, {"started", point(*unit.first_started)}};
    if (unit.first_up) entry["up"] = point(*unit.first_up);
    json["units"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace uebo::control
