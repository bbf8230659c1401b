#include "uebo/web/status_document.hpp"

#include <algorithm>
#include <array>

namespace uebo::web {
namespace {

using control::field;
using control::Json;
using control::string_field;

constexpr std::array<const char*, 9> kUnitKeys{"name",   "description", "type",        "state",   "up",
                                               "detail", "memory",      "running_for", "restarts"};
constexpr const char* kDrain = "drain";

void put(Json& object, const char* name, double value) {
  if (!std::isnan(value)) object[name] = value;
}

Json node_json(const PageFacts& facts) {
  Json node{{"hostname", facts.node.host_name},
            {"version", facts.node.version},
            {"architecture", facts.node.architecture},
            {"kernel", facts.node.kernel},
            {"suite", facts.node.suite},
            {"id", facts.node.id},
            {"uptime", facts.uptime},
            {"time", facts.now}};
  if (facts.load) node["load"] = *facts.load;
  if (facts.memory) node["memory"] = {{"total", facts.memory->total}, {"available", facts.memory->available}};
  return node;
}

Json zones_json(const PageFacts& facts) {
  Json zones = Json::array();
  for (const auto& zone : facts.zones) {
    Json entry{{"zone", zone.type}, {"celsius", zone.temperature}};
    if (zone.limit) entry["limit"] = *zone.limit;
    zones.push_back(std::move(entry));
  }
  return zones;
}

std::string project_name(const boinc::ClientReport& report, const std::string& url) {
  const auto found = std::ranges::find(report.projects, url, &boinc::Project::url);
  return found == report.projects.end() || found->name.empty() ? url : found->name;
}

Json task_json(const boinc::Task& task, const boinc::ClientReport& report) {
  Json json{{"name", task.name},
            {"project", project_name(report, task.project_url)},
            {"state", boinc::state_of(task)},
            {"running", task.runs()}};
  put(json, "fraction_done", task.ready_to_report ? 1 : task.fraction_done);
  put(json, "remaining", task.time_remaining);
  put(json, "deadline", task.report_deadline);
  put(json, "cpu_time", std::isnan(task.cpu_time) ? task.final_cpu_time : task.cpu_time);
  put(json, "unsaved", std::max(task.cpu_time - task.checkpoint_cpu_time, 0.0));
  put(json, "memory", task.working_set_size);
  return json;
}

Json project_json(const boinc::Project& project) {
  Json json{{"url", project.url}, {"name", project.name.empty() ? project.url : project.name}};
  put(json, "user_total_credit", project.user_total_credit);
  put(json, "host_total_credit", project.host_total_credit);
  put(json, "host_average_credit", project.host_average_credit);
  put(json, "jobs_success", project.jobs_success);
  put(json, "jobs_error", project.jobs_error);
  return json;
}

Json client_json(const Result<boinc::ClientReport>& client) {
  if (!client) return {{"up", false}, {"trouble", client.error().message()}};
  Json json{{"up", true},
            {"version", client->version},
            {"suspended", boinc::suspend_reasons(*client).value_or(std::vector<std::string_view>{})},
            {"tasks", Json::array()},
            {"more_tasks", client->tasks.left_out()},
            {"projects", Json::array()}};
  if (client->host.benchmarked > 0) {
    put(json, "whetstone_flops", client->host.whetstone);
    put(json, "dhrystone_ops", client->host.dhrystone);
  }
  for (const auto& task : client->tasks.kept()) json["tasks"].push_back(task_json(task, *client));
  for (const auto& project : client->projects) json["projects"].push_back(project_json(project));
  return json;
}

Json services_json(const std::optional<Json>& status) {
  Json services = Json::array();
  if (!status) return services;
  for (const Json& unit : field(*status, "units")) {
    Json entry = Json::object();
    for (const char* key : kUnitKeys)
      if (const Json& value = field(unit, key); !value.is_null()) entry[key] = value;
    if (string_field(entry, "name")) services.push_back(std::move(entry));
  }
  return services;
}

Json drain_json(const PageFacts& facts, const Json& services) {
  const auto found =
      std::ranges::find_if(services, [](const Json& unit) { return string_field(unit, "name") == kDrain; });
  return {{"state", found == services.end() ? "" : string_field(*found, "state").value_or("")},
          {"lines", facts.drain_log}};
}

std::string state_of(const Json& document) {
  const Json& client = document["boinc"];
  if (!client["up"]) return "down";
  const bool works = std::ranges::any_of(client["tasks"], [](const Json& task) { return task["running"] == true; });
  if (works) return "working";
  const auto& reasons = client["suspended"];
  const bool asked = std::ranges::find(reasons, "user_request") != reasons.end();
  if (asked && document["drain"]["state"] == "done") return "drained";
  return reasons.empty() ? "idle" : "suspended";
}

}  // namespace

Json status_document(const PageFacts& facts, const std::optional<Json>& status,
                     const Result<boinc::ClientReport>& client) {
  Json document{{"node", node_json(facts)},
                {"pid1_answers", status.has_value()},
                {"shutting_down", status && control::bool_field(*status, "shutting_down").value_or(false)},
                {"may_change", facts.may_change},
                {"temperatures", zones_json(facts)},
                {"boinc", client_json(client)},
                {"services", services_json(status)},
                {"log", {{"service", facts.log_of}, {"lines", facts.log}}}};
  document["drain"] = drain_json(facts, document["services"]);
  document["state"] = state_of(document);
  if (const auto& storage = facts.node.storage) {
    document["storage"] = {{"source", storage->source}, {"type", storage->type}, {"read_only", storage->read_only}};
    if (client) {
      put(document["storage"], "total", client->disk.total);
      put(document["storage"], "free", client->disk.free);
    }
  }
  return document;
}

}  // namespace uebo::web
