#include "uebo/control/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json.hpp"
#include "status_json.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::control {
namespace {

using supervise::Supervisor;
using supervise::UnitStatus;

constexpr std::array<std::string_view, 3> kShutdownNames{"poweroff", "reboot", "halt"};
static_assert(kShutdownNames.size() == static_cast<std::size_t>(ShutdownKind::Halt) + 1);

constexpr double kDefaultWait = 30;
constexpr double kLongestWait = 600;

struct Call {
  Supervisor& supervisor;
  const ServerContext& context;
  std::string verb;
  const Json& request;
};

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
                        {"shutting_down", call.supervisor.shutting_down()},
                        {"conditions", conditions_json(call.supervisor.conditions())},
                        {"units", std::move(units)}}));
}

Reply boot(const Call& call) { return now(done_line(boot_json(call.context.boot_phases, call.supervisor.status()))); }

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
  return unit.state == "running" || unit.state == "starting" || unit.state == "stopping" || unit.state == "done";
}

Wait wait_for(const UnitVerb& verb, const std::string& unit, const std::optional<UnitStatus>& before, double limit) {
  const auto duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(limit));
  Wait wait{.unit = unit, .goal = verb.goal, .limit = duration, .until = BootClock::now() + duration};
  if (verb.again && before && is_active(*before)) {
    wait.must_leave = true;
    wait.old_pid = before->main_pid;
  }
  return wait;
}

Reply change_unit(const Call& call, const UnitVerb& verb) {
  const auto name = string_field(call.request, "name");
  if (!name) return wrong(call, "a string as \"name\"");
  if (!config::is_service_name(*name)) return unknown_unit(*name);
  const double limit = number_field(call.request, "timeout").value_or(kDefaultWait);
  if (!(limit >= 0 && limit <= kLongestWait)) return wrong(call, "0 to 600 seconds as \"timeout\"");

  const auto before = call.supervisor.status(*name);
  if (const auto result = verb.run(call.supervisor, *name); !result) {
    if (result.error().code == ENOENT) return unknown_unit(*name);
    if (result.error().code == ESHUTDOWN)
      return refuse(ExitCode::Failed, fmt::format("{} {}: the node is shutting down", verb.name, *name));
    return refuse(ExitCode::Failed, result.error().message());
  }
  const auto after = call.supervisor.status(*name);
  if (!after) return unknown_unit(*name);
  if (!bool_field(call.request, "wait").value_or(false))
    return now(result_line(*name, {.state = std::string(after->state), .error = {}}));
  Wait wait = wait_for(verb, *name, before, limit);
  if (const auto result = observe(wait, *after)) return now(result_line(*name, *result));
  return {.line = {}, .wait = std::move(wait)};
}

// --- facts, and the end

Reply condition(const Call& call) {
  const auto name = string_field(call.request, "name");
  const auto set = bool_field(call.request, "set");
  if (!name || !set) return wrong(call, "a string as \"name\" and true or false as \"set\"");
  if (!config::is_condition(*name)) return wrong(call, "a condition, which `" + *name + "` is not");
  const std::string holder = string_field(call.request, "holder").value_or("control");
  if (*set)
    call.supervisor.set_condition(*name, holder, string_field(call.request, "detail").value_or(""));
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

Reply shut_down(const Call& call, ShutdownKind kind) {
  if (call.context.shut_down) call.context.shut_down(kind);
  return now(done_line());
}

Reply dispatch(const Call& call) {
  if (call.verb == "status") return status(call);
  if (call.verb == "boot") return boot(call);
  if (call.verb == "condition") return condition(call);
  if (call.verb == "trigger") return trigger(call);
  if (call.verb == "abandon") return abandon(call);
  if (call.verb == "note") return note(call);
  if (const auto* verb = std::ranges::find(kUnitVerbs, call.verb, &UnitVerb::name); verb != kUnitVerbs.end())
    return change_unit(call, *verb);
  if (const auto* name = std::ranges::find(kShutdownNames, call.verb); name != kShutdownNames.end())
    return shut_down(call, static_cast<ShutdownKind>(name - kShutdownNames.begin()));
  return refuse(ExitCode::WrongUsage, fmt::format("`{}` is not a verb", call.verb));
}

}  // namespace

std::string_view name_of(ShutdownKind kind) { return kShutdownNames[static_cast<std::size_t>(kind)]; }

std::string error_line(ExitCode code, std::string_view text) {
  return json_text({{"ok", false}, {"code", static_cast<int>(code)}, {"error", text}}) + "\n";
}

Requests::Requests(Supervisor& supervisor, ServerContext context)
    : supervisor_(supervisor), context_(std::move(context)) {}

Reply Requests::answer(std::string_view line) {
  const auto request = parse_object(line);
  if (!request) return refuse(ExitCode::WrongUsage, "expected one JSON object a line");
  const auto verb = string_field(*request, "verb");
  if (!verb) return refuse(ExitCode::WrongUsage, "expected a string as \"verb\"");
  return dispatch({.supervisor = supervisor_, .context = context_, .verb = *verb, .request = *request});
}

std::optional<std::string> Requests::resolve(Wait& wait) const {
  const auto unit = supervisor_.status(wait.unit);
  if (!unit) return error_line(ExitCode::NoSuchService, wait.unit + ": no such service");
  const auto result = observe(wait, *unit);
  if (!result) return std::nullopt;
  return result_line(wait.unit, *result);
}

std::string Requests::give_up(const Wait& wait) const {
  const auto unit = supervisor_.status(wait.unit);
  if (!unit) return error_line(ExitCode::NoSuchService, wait.unit + ": no such service");
  return result_line(wait.unit, control::give_up(wait, *unit));
}

}  // namespace uebo::control
