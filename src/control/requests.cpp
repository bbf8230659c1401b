#include "uebo/control/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "status_json.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/control/json.hpp"

namespace uebo::control {
namespace {

using supervise::Supervisor;
using supervise::UnitStatus;

constexpr std::array<std::string_view, 3> kShutdownNames{"poweroff", "reboot", "halt"};
static_assert(kShutdownNames.size() == static_cast<std::size_t>(ShutdownKind::Halt) + 1);

constexpr std::chrono::seconds kDefaultWait{30};
constexpr std::chrono::seconds kLongestWait{600};
constexpr std::string_view kTimeoutExpected = "0 to 600 seconds as \"timeout\"";

struct Call {
  Supervisor& supervisor;
  const ServerContext& context;
  std::string verb;
  const Json& request;
};

/// "timeout" in seconds; none: it is out of bounds, or no number.
std::optional<Duration> timeout_of(const Call& call) {
  if (!call.request.contains("timeout")) return std::chrono::duration_cast<Duration>(kDefaultWait);
  const auto seconds = number_field(call.request, "timeout");
  if (!seconds || !(*seconds >= 0 && *seconds <= kLongestWait.count())) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
}

std::string done_line(Json fields = Json::object()) {
  fields["ok"] = true;
  return json_text(fields) + "\n";
}

Reply now(std::string line) { return {.line = std::move(line), .wait = std::nullopt}; }
Reply refuse(ExitCode code, std::string_view text) { return now(error_line(code, text)); }

Reply wrong(const Call& call, std::string_view expected) {
  return refuse(ExitCode::WrongUsage, fmt::format("{}: expected {}", call.verb, expected));
}

Reply unknown_unit(std::string_view name) {
  return refuse(ExitCode::NoSuchService, fmt::format("{}: no such service", name));
}

std::string result_line(const std::string& unit, const WaitResult& result) {
  if (result.error.empty()) return done_line({{"name", unit}, {"state", result.state}});
  const Json fields{{"ok", false},
                    {"code", static_cast<int>(ExitCode::Failed)},
                    {"error", result.error},
                    {"name", unit},
                    {"state", result.state}};
  return json_text(fields) + "\n";
}

// --- what people and pages look at

Reply status(const Call& call) {
  if (call.request.contains("name")) {
    const auto name = string_field(call.request, "name");
    if (!name) return wrong(call, "a string as \"name\"");
    const auto unit = call.supervisor.status(*name);
    return unit ? now(done_line({{"unit", unit_json(*unit)}})) : unknown_unit(*name);
  }
  Json units = Json::array();
  for (const auto& unit : call.supervisor.status()) units.push_back(unit_json(unit));
  return now(done_line({{"version", call.context.version},
                        {"generation", call.supervisor.generation()},
                        {"shutting_down", call.supervisor.shutting_down()},
                        {"conditions", conditions_json(call.supervisor.conditions())},
                        {"pid1", pid1_json(call.context.own_log)},
                        {"watchdog", watchdog_json(call.context.watchdog)},
                        {"units", std::move(units)}}));
}

Reply boot(const Call& call) { return now(done_line(boot_json(call.context.boot_phases, call.supervisor))); }

std::string generation_line(const Supervisor& supervisor) {
  return done_line({{"generation", supervisor.generation()}});
}

Reply changes(const Call& call) {
  const Json& since = field(call.request, "since");
  if (!since.is_number_unsigned()) return wrong(call, "a generation, as an answer has told it, as \"since\"");
  const auto limit = timeout_of(call);
  if (!limit) return wrong(call, kTimeoutExpected);
  const ChangeWait wait{.since = since.get<std::uint64_t>()};
  if (wait.since != call.supervisor.generation()) return now(generation_line(call.supervisor));
  return {.line = {}, .wait = Wait{.what = wait, .until = BootClock::now() + *limit}};
}

// --- what changes a unit

struct UnitVerb {
  std::string_view name;
  Goal goal;
  bool again;  // what is up already has to come up anew
  Result<> (*run)(Supervisor& supervisor, const std::string& unit);
};

constexpr std::array<UnitVerb, 5> kUnitVerbs{{
    {"start", Goal::Up, false, [](Supervisor& s, const std::string& unit) { return s.start(unit); }},
    {"stop", Goal::Down, false, [](Supervisor& s, const std::string& unit) { return s.stop(unit); }},
    {"restart", Goal::Up, true, [](Supervisor& s, const std::string& unit) { return s.restart(unit); }},
    {"enable", Goal::Up, false, [](Supervisor& s, const std::string& unit) { return s.set_enabled(unit, true); }},
    {"disable", Goal::Down, false, [](Supervisor& s, const std::string& unit) { return s.set_enabled(unit, false); }},
}};

bool is_active(const UnitStatus& unit) {
  return unit.state == "running" || unit.state == "ready" || unit.state == "starting" || unit.state == "stopping" ||
         unit.state == "done";
}

UnitWait wait_for(const UnitVerb& verb, const std::string& unit, const std::optional<UnitStatus>& before,
                  Duration limit) {
  UnitWait wait{.unit = unit, .goal = verb.goal, .limit = limit};
  if (verb.again && before && is_active(*before)) {
    wait.must_leave = true;
    wait.old_pid = before->main_pid;
  }
  return wait;
}

Reply change_unit(const Call& call) {
  const UnitVerb& verb = *std::ranges::find(kUnitVerbs, call.verb, &UnitVerb::name);
  const auto name = string_field(call.request, "name");
  if (!name) return wrong(call, "a string as \"name\"");
  if (!config::is_service_name(*name)) return unknown_unit(*name);
  const auto limit = timeout_of(call);
  if (!limit) return wrong(call, kTimeoutExpected);

  const auto before = call.supervisor.status(*name);
  const bool if_enabled = verb.name == "start" && bool_field(call.request, "if_enabled").value_or(false);
  const auto result = if_enabled ? call.supervisor.start_if_enabled(*name) : verb.run(call.supervisor, *name);
  if (!result) {
    if (result.error().code == ENOENT) return unknown_unit(*name);
    if (result.error().code == ESHUTDOWN)
      return refuse(ExitCode::Failed, fmt::format("{} {}: the node is shutting down", verb.name, *name));
    return refuse(ExitCode::Failed, result.error().message());
  }
  const auto after = call.supervisor.status(*name);
  if (!after) return unknown_unit(*name);
  if (!bool_field(call.request, "wait").value_or(false))
    return now(result_line(*name, {.state = std::string(after->state), .error = {}}));
  UnitWait wait = wait_for(verb, *name, before, *limit);
  if (const auto reached = observe(wait, *after)) return now(result_line(*name, *reached));
  return {.line = {}, .wait = Wait{.what = std::move(wait), .until = BootClock::now() + *limit}};
}

// --- what changes all of them

Json change_json(const supervise::ServiceChange& change) {
  Json json{{"name", change.name}, {"change", name_of(change.kind)}, {"follows", name_of(change.follows)}};
  if (change.kind != supervise::ServiceChange::Kind::Changed) return json;
  json["keys"] = Json::array();
  for (const config::ChangedKey& key : change.keys) json["keys"].push_back(key.name);
  return json;
}

Reply reload(const Call& call) {
  ReloadRequest request{.dry_run = bool_field(call.request, "dry_run").value_or(false), .problems = {}};
  for (const Json& problem : field(call.request, "problems"))
    if (problem.is_string()) request.problems.push_back(problem.get<std::string>());
  if (!call.context.reload) return refuse(ExitCode::Failed, "reload: there is nothing to be read again");
  const auto report = call.context.reload(request);
  if (!report) return refuse(ExitCode::Failed, report.error().message());
  Json changes = Json::array();
  for (const auto& change : report->plan.changes) changes.push_back(change_json(change));
  return now(done_line({{"dry_run", request.dry_run},
                        {"changes", std::move(changes)},
                        {"unchanged", report->plan.unchanged},
                        {"problems", report->problems}}));
}

// --- facts, and the end

Reply condition(const Call& call) {
  const auto name = string_field(call.request, "name");
  const auto set = bool_field(call.request, "set");
  if (!name || !set) return wrong(call, "a string as \"name\" and true or false as \"set\"");
  if (!config::is_condition(*name)) return wrong(call, "a condition, which `" + *name + "` is not");
  const std::string holder = string_field(call.request, "holder").value_or("control");
  if (*set)
    call.supervisor.set_condition(*name, holder, string_field(call.request, "detail").value_or(""),
                                  string_field(call.request, "by").value_or(""));
  else
    call.supervisor.clear_condition(*name, holder);
  return now(done_line());
}

Reply abandon(const Call& call) {
  const auto name = string_field(call.request, "name");
  if (!name || !config::is_condition(*name)) return wrong(call, "a condition as \"name\"");
  call.supervisor.abandon(*name);
  return now(done_line());
}

Reply note(const Call& call) {
  const auto name = string_field(call.request, "name");
  const auto text = string_field(call.request, "text");
  const auto stands = bool_field(call.request, "stands");
  if (!name || !text || !stands) return wrong(call, "strings as \"name\" and \"text\", true or false as \"stands\"");
  return call.supervisor.note(*name, *text, *stands) ? now(done_line()) : unknown_unit(*name);
}

Reply trigger(const Call& call) {
  const auto name = string_field(call.request, "name");
  if (!name) return wrong(call, "a string as \"name\"");
  call.supervisor.trigger(*name);
  return now(done_line());
}

Reply shut_down(const Call& call) {
  const auto kind = static_cast<ShutdownKind>(std::ranges::find(kShutdownNames, call.verb) - kShutdownNames.begin());
  if (call.context.shut_down) call.context.shut_down(kind);
  return now(done_line());
}

// --- all of them

enum class Needs {
  Look,
  Token,  // to change something, or to look and know the token
  Change
};

struct RequestInfo {
  std::string_view name;
  Needs needs;
  Reply (*run)(const Call& call);
};

constexpr std::array<RequestInfo, 16> kRequests{{
    {"status", Needs::Look, status},
    {"boot", Needs::Look, boot},
    {"changes", Needs::Look, changes},
    {"start", Needs::Token, change_unit},
    {"stop", Needs::Token, change_unit},
    {"restart", Needs::Token, change_unit},
    {"enable", Needs::Change, change_unit},
    {"disable", Needs::Change, change_unit},
    {"reload", Needs::Change, reload},
    {"condition", Needs::Change, condition},
    {"abandon", Needs::Change, abandon},
    {"note", Needs::Change, note},
    {"trigger", Needs::Change, trigger},
    {"poweroff", Needs::Change, shut_down},
    {"reboot", Needs::Change, shut_down},
    {"halt", Needs::Change, shut_down},
}};
static_assert(std::ranges::all_of(kUnitVerbs, [](const UnitVerb& unit) {
  return std::ranges::any_of(kRequests, [&](const RequestInfo& verb) { return verb.name == unit.name; });
}));
static_assert(std::ranges::all_of(kRequests, [](const RequestInfo& verb) {
  return verb.run != change_unit || std::ranges::find(kUnitVerbs, verb.name, &UnitVerb::name) != kUnitVerbs.end();
}));
static_assert(std::ranges::all_of(kRequests, [](const RequestInfo& verb) {
  return verb.run != shut_down || std::ranges::find(kShutdownNames, verb.name) != kShutdownNames.end();
}));

Reply dispatch(const Call& call, const Peer& peer) {
  const auto* const verb = std::ranges::find(kRequests, call.verb, &RequestInfo::name);
  if (verb == kRequests.end()) return refuse(ExitCode::WrongUsage, fmt::format("`{}` is not a verb", call.verb));
  const auto token = verb->needs == Needs::Token ? string_field(call.request, "token") : std::nullopt;
  if (peer.access != Access::Change && token && !is_token(call.context.admission, *token))
    return refuse(ExitCode::Failed, fmt::format("{}: the token is wrong", call.verb));
  if (peer.access != Access::Change && verb->needs != Needs::Look && !token)
    return refuse(ExitCode::Failed, fmt::format("{}: not for you (uid {}), who may only look", call.verb, peer.uid));
  return verb->run(call);
}

}  // namespace

std::string_view name_of(ShutdownKind kind) { return kShutdownNames[static_cast<std::size_t>(kind)]; }

std::string error_line(ExitCode code, std::string_view text) {
  return json_text({{"ok", false}, {"code", static_cast<int>(code)}, {"error", text}}) + "\n";
}

Requests::Requests(Supervisor& supervisor, ServerContext context)
    : supervisor_(supervisor), context_(std::move(context)) {}

Reply Requests::answer(std::string_view line, const Peer& peer) {
  const auto request = parse_object(line);
  if (!request) return refuse(ExitCode::WrongUsage, "expected one JSON object a line");
  const auto verb = string_field(*request, "verb");
  if (!verb) return refuse(ExitCode::WrongUsage, "expected a string as \"verb\"");
  return dispatch({.supervisor = supervisor_, .context = context_, .verb = *verb, .request = *request}, peer);
}

std::optional<std::string> Requests::resolve(Wait& wait) const {
  if (const auto* change = std::get_if<ChangeWait>(&wait.what))
    return change->since != supervisor_.generation() ? std::optional(generation_line(supervisor_)) : std::nullopt;
  auto& unit_wait = std::get<UnitWait>(wait.what);
  const auto unit = supervisor_.status(unit_wait.unit);
  if (!unit) return error_line(ExitCode::NoSuchService, unit_wait.unit + ": no such service");
  const auto result = observe(unit_wait, *unit);
  if (!result) return std::nullopt;
  return result_line(unit_wait.unit, *result);
}

std::string Requests::give_up(const Wait& wait) const {
  const auto* unit_wait = std::get_if<UnitWait>(&wait.what);
  if (!unit_wait) return generation_line(supervisor_);
  const auto unit = supervisor_.status(unit_wait->unit);
  if (!unit) return error_line(ExitCode::NoSuchService, unit_wait->unit + ": no such service");
  return result_line(unit_wait->unit, control::give_up(*unit_wait, *unit));
}

}  // namespace uebo::control
