#include <fmt/format.h>

#include <algorithm>

#include "uebo/boot/service_overlays.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

std::string joined_keys(const Json& keys) {
  std::string text;
  for (const Json& key : keys)
    if (key.is_string()) text += (text.empty() ? "" : ", ") + key.get<std::string>();
  return text;
}

void say_plan(const Run& run, const Json& plan) {
  std::size_t width = 0;
  for (const Json& change : field(plan, "changes"))
    width = std::max(width, string_field(change, "name").value_or("").size());
  for (const Json& change : field(plan, "changes")) {
    const std::string keys = joined_keys(field(change, "keys"));
    run.context.out(fmt::format("{:<{}}  {}{}: {}\n", string_field(change, "name").value_or("?"), width,
                                string_field(change, "change").value_or("?"), keys.empty() ? "" : " (" + keys + ")",
                                string_field(change, "follows").value_or("?")));
  }
  const auto unchanged = static_cast<unsigned>(number_field(plan, "unchanged").value_or(0));
  run.context.out(fmt::format("{} unchanged\n", unchanged));
}

void say_problems(const Run& run, const Json& plan) {
  for (const Json& problem : field(plan, "problems"))
    if (problem.is_string()) warn(run, problem.get<std::string>());
}

int finish(const Run& run, const Answer& answer) {
  if (run.line.json) run.context.out(json_text(answer.json) + "\n");
  return field(answer.json, "problems").empty() ? 0 : static_cast<int>(ExitCode::Failed);
}

}  // namespace

std::vector<std::string> bring_overlays(const Run& run) {
  if (!run.context.is_mounted(run.context.storage)) return {};
  auto staged = boot::stage_service_overlays(run.context.storage + "/services", run.context.overlays);
  if (!staged) return {staged.error().message()};
  return std::move(staged->problems);
}

/// People are told before anything is done.
int reload_verb(const Run& run) {
  Json request{{"verb", "reload"}, {"dry_run", true}, {"problems", bring_overlays(run)}};
  const Answer plan = ask(run, request);
  if (plan.code != 0) return say_error(run, plan);
  if (!run.line.json) {
    say_plan(run, plan.json);
    say_problems(run, plan.json);
  }
  if (run.line.dry_run) return finish(run, plan);
  request["dry_run"] = false;
  const Answer done = ask(run, request);
  return done.code != 0 ? say_error(run, done) : finish(run, done);
}

}  // namespace uebo::control
