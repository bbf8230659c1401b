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
      {"up", unit.up},
      {"failures", unit.failures},
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
  if (unit.ready_for) json["ready_for"] = json_seconds(*unit.ready_for);
  if (unit.waiting_for) json["waiting_for"] = json_seconds(*unit.waiting_for);
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

Json watchdog_json(const std::function<kernel::WatchdogStatus()>& status) {
  const kernel::WatchdogStatus now = status ? status() : kernel::WatchdogStatus{};
  if (!now.armed) return {{"armed", false}};
  return {{"armed", true},      {"identity", now.identity}, {"timeout", now.timeout.count()},
          {"feeds", now.feeds}, {"withheld", now.withheld}, {"ended_last_boot", now.ended_last_boot}};
}

Json conditions_json(const supervise::Conditions& conditions) {
  Json json = Json::object();
  for (const auto& [name, holders] : conditions.all()) {
    Json& condition = json[name] = Json::object();
    for (const auto& [holder, detail] : holders) condition[holder] = detail;
  }
  return json;
}

Json boot_json(const std::vector<supervise::BootPhase>& phases, const supervise::Supervisor& supervisor) {
  Json json{{"phases", Json::array()}, {"units", Json::array()}, {"conditions", Json::array()}};
  // The clock counts from the kernel's start, and the first phase is the first thing that PID 1 does.
  if (!phases.empty()) json["kernel"] = point(phases.front().started);
  for (const auto& phase : phases)
    json["phases"].push_back({{"name", phase.name}, {"started", point(phase.started)}, {"ended", point(phase.ended)}});
  for (const auto& unit : supervisor.status()) {
    if (!unit.first_wanted) continue;
    Json entry{{"name", unit.name}, {"job", unit.job}, {"state", unit.state}, {"waits_on", unit.waits_on}};
    entry["wanted"] = point(*unit.first_wanted);
    if (unit.first_started) entry["started"] = point(*unit.first_started);
    if (unit.first_running) entry["running"] = point(*unit.first_running);
    if (unit.first_up) entry["up"] = point(*unit.first_up);
    json["units"].push_back(std::move(entry));
  }
  for (const auto& [name, first] : supervisor.conditions().firsts())
    json["conditions"].push_back({{"name", name}, {"set", point(first.when)}, {"by", first.by}});
  return json;
}

}  // namespace uebo::control
