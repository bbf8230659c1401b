#include "uebo/control/service_settings.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

constexpr unsigned kStartLimit = 30;
constexpr unsigned kStopLimit = 120;               // BOINC alone may take 75 s
constexpr std::chrono::seconds kAnswerMargin{10};  // PID 1 answers in time, or not at all

unsigned limit_of(const CommandLine& line) {
  return line.timeout.value_or(line.verb == Verb::Start ? kStartLimit : kStopLimit);
}

Answer ask_and_wait(const Run& run, Verb verb, const std::string& service) {
  const unsigned limit = limit_of(run.line);
  return ask(run, {{"verb", name_of(verb)}, {"name", service}, {"wait", run.line.wait}, {"timeout", limit}},
             std::chrono::seconds(limit) + kAnswerMargin);
}

int change(const Run& run, const std::string& service) {
  const Answer answer = ask_and_wait(run, run.line.verb, service);
  if (answer.code != 0) return say_error(run, answer);
  run.context.out(run.line.json ? json_text(answer.json) + "\n"
                                : service + ": " + string_field(answer.json, "state").value_or("?") + "\n");
  return 0;
}

int say_kept(const Run& run, const std::string& service, bool enabled, const Kept& kept) {
  if (!kept.warning.empty()) warn(run, kept.warning);
  if (run.line.json) {
    run.context.out(
        json_text(
            {{"ok", true}, {"name", service}, {"enabled", enabled}, {"kept", kept.path}, {"for_good", kept.for_good}}) +
        "\n");
    return 0;
  }
  const std::string what = service + (enabled ? ": enabled" : ": disabled");
  const std::string where =
      kept.for_good ? ", kept in " + kept.path : ", until the next boot: " + run.context.storage + " keeps nothing";
  run.context.out(what + where + "\n");
  return 0;
}

/// PID 1 is asked first: it knows whether there is such a service. It is stopped last, since that may take a while.
int set_enabled(const Run& run, const std::string& service) {
  const bool enabled = run.line.verb == Verb::Enable;
  const Answer answer = ask(run, {{"verb", name_of(run.line.verb)}, {"name", service}});
  if (answer.code != 0) return say_error(run, answer);
  const SettingsPlaces places{.services = run.context.services,
                              .storage = run.context.storage,
                              .this_boot = run.context.this_boot,
                              .storage_mounted = run.context.is_mounted(run.context.storage)};
  const auto kept = keep_enabled(places, service, enabled);
  if (!kept) return say_error(run, ExitCode::Failed, "not kept: " + kept.error().message());
  // What PID 1 reads at the next `uebo reload` must not say otherwise.
  if (kept->for_good)
    for (const std::string& problem : bring_overlays(run)) warn(run, problem);
  if (!enabled)
    if (const Answer stopped = ask_and_wait(run, Verb::Stop, service); stopped.code != 0)
      return say_error(run, stopped);
  return say_kept(run, service, enabled, *kept);
}

}  // namespace

int change_verb(const Run& run) {
  const bool kept = run.line.verb == Verb::Enable || run.line.verb == Verb::Disable;
  int exit_code = 0;
  for (const std::string& service : run.line.names) {
    const int code = kept ? set_enabled(run, service) : change(run, service);
    if (exit_code == 0) exit_code = code;
  }
  return exit_code;
}

}  // namespace uebo::control
