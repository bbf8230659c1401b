// What the status page shows, as one JSON object: what `GET /` gives to who asks for JSON, and what the page is made
// of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uebo/boinc/client_report.hpp"
#include "uebo/control/json.hpp"
#include "uebo/kernel/memory.hpp"
#include "uebo/kernel/thermal.hpp"
#include "uebo/web/node_metrics.hpp"

namespace uebo::web {

struct PageFacts {
  NodeFacts node;
  double uptime = 0;           // seconds
  double now = 0;              // seconds since 1970
  std::optional<double> load;  // of the last minute
  std::optional<kernel::Memory> memory;
  std::vector<kernel::ThermalZone> zones;
  bool may_change = false;       // the site has given a token
  std::vector<std::string> log;  // the last lines of log_of
  std::string log_of;
  std::vector<std::string> drain_log;  // of a drain that works, or has ended
};

/// {"node":{"hostname","version","architecture","kernel","suite","id","uptime","load","memory":{"total","available"}},
///  "state": "working", "idle", "drained", "suspended" or "down",
///  "shutting_down","may_change","storage":{"source","type","read_only"[,"total","free"]},
///  "temperatures":[{"zone","celsius"[,"limit"]}],
///  "boinc":{"up"[,"trouble"][,"version","whetstone_flops","dhrystone_ops","suspended":[REASON],"tasks":[{"name",
///    "project","state","running","fraction_done","remaining","deadline","cpu_time","unsaved","memory"}],"more_tasks",
///    "projects":[{"url","name","user_total_credit","host_total_credit","host_average_credit","jobs_success",
///    "jobs_error"}]]},
///  "drain":{"state","lines"},
///  "services":[{"name","description","type","state","up","detail","memory","running_for","restarts"}],
///  "log":{"service","lines"}}
/// Times are in seconds, sizes in bytes, dates in seconds since 1970. What is not known is left out.
/// `status` is PID 1's answer, none when it does not answer; `client` what BOINC says of itself.
[[nodiscard]] control::Json status_document(const PageFacts& facts, const std::optional<control::Json>& status,
                                            const Result<boinc::ClientReport>& client);

}  // namespace uebo::web
