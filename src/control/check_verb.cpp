#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "uebo/config/conditions.hpp"
#include "uebo/config/kernel_args.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

using config::Problem;

struct Found {
  std::size_t services = 0;
  std::vector<Problem> problems;

  void add(std::size_t count, std::vector<Problem> more) {
    services += count;
    std::ranges::move(more, std::back_inserter(problems));
  }
};

std::vector<config::ServiceSpec> built_in(const CommandContext& context) {
  return context.built_in ? context.built_in() : std::vector<config::ServiceSpec>();
}

void check_together(const CommandContext& context, const std::vector<config::ServiceDirectory>& directories,
                    Found& found) {
  auto loaded = config::load_services(directories, built_in(context));
  found.add(loaded.services.size(), std::move(loaded.problems));
}

/// None, and a problem, where nothing is there.
std::optional<struct stat> look_at(const std::string& path, Found& found) {
  struct stat status{};
  if (stat(path.c_str(), &status) == 0) return status;
  found.add(0, {{.file = path, .line = 0, .text = errno_error("check", path).error().message()}});
  return std::nullopt;
}

void check_path(const CommandContext& context, const std::string& path, Found& found) {
  const auto status = look_at(path, found);
  if (!status) return;
  if (S_ISDIR(status->st_mode)) return check_together(context, {{.path = path}}, found);
  auto parsed = config::parse_service_file(path);
  const std::size_t good = parsed.problems.empty() ? 1 : 0;
  found.add(good, std::move(parsed.problems));
}

/// Files that are laid over those of a directory. One that is not there is a problem here.
void check_over(const Run& run, const std::string& directory, Found& found) {
  std::vector<config::ServiceDirectory> directories{{.path = directory}};
  for (const std::string& path : run.line.names) {
    look_at(path, found);
    directories.push_back({.path = path});
  }
  check_together(run.context, directories, found);
}

/// What this node has: its services, and what is laid over them.
void check_own(const CommandContext& context, Found& found) {
  check_together(context,
                 {{.path = context.services},
                  {.path = context.overlays, .shown_as = context.storage + "/services"},
                  {.path = context.this_boot}},
                 found);
}

int say_found(const Run& run, const Found& found) {
  if (run.line.json) {
    Json list = Json::array();
    for (const Problem& problem : found.problems)
      list.push_back({{"file", problem.file}, {"line", problem.line}, {"text", problem.text}});
    run.context.out(json_text(list) + "\n");
  } else {
    for (const Problem& problem : found.problems) run.context.out(problem.message() + "\n");
    if (found.problems.empty())
      run.context.out(fmt::format("{} service{}, no problems\n", found.services, found.services == 1 ? "" : "s"));
  }
  return found.problems.empty() ? 0 : static_cast<int>(ExitCode::Failed);
}

int check_files(const Run& run) {
  Found found;
  if (!run.line.over.empty() && !run.line.names.empty()) {
    check_over(run, run.line.over, found);
  } else if (run.line.names.empty() && run.line.over.empty()) {
    check_own(run.context, found);
  } else {
    for (const std::string& path : run.line.names) check_path(run.context, path, found);
    if (!run.line.over.empty()) check_path(run.context, run.line.over, found);
  }
  return say_found(run, found);
}

int check_kernel_arguments(const Run& run, const std::string& line) {
  const auto arguments = config::KernelArgs::parse(line);
  const auto& warnings = arguments.warnings();
  if (run.line.json) {
    run.context.out(json_text(warnings) + "\n");
  } else {
    for (const std::string& warning : warnings) run.context.out(warning + "\n");
    if (warnings.empty()) run.context.out("no problems\n");
  }
  return warnings.empty() ? 0 : static_cast<int>(ExitCode::Failed);
}

std::string printed(CheckPrint what, bool json) {
  switch (what) {
    case CheckPrint::Schema:
      return config::service_json_schema();
    case CheckPrint::Arguments:
      return json ? config::arguments_json() : config::arguments_markdown();
    case CheckPrint::Keys:
      return config::service_keys_markdown();
    case CheckPrint::Conditions:
      return config::conditions_markdown();
    case CheckPrint::Nothing:
      break;
  }
  return {};
}

}  // namespace

int check_verb(const Run& run) {
  if (run.line.print != CheckPrint::Nothing) {
    std::string text = printed(run.line.print, run.line.json);
    if (!text.ends_with('\n')) text += '\n';
    run.context.out(text);
    return 0;
  }
  if (run.line.kernel_arguments) return check_kernel_arguments(run, *run.line.kernel_arguments);
  return check_files(run);
}

}  // namespace uebo::control
