#include "uebo/base/file.hpp"
#include "uebo/control/boot_report.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

Answer kept_answer(const std::string& path) {
  const auto failed = [](std::string why) {
    return Answer{.code = static_cast<int>(ExitCode::Failed), .error = std::move(why), .json = {}};
  };
  const auto text = read_file(path);
  if (!text) return failed(text.error().message());
  auto json = parse_object(*text);
  if (!json || !field(*json, "units").is_array()) return failed(path + ": this is not what `uebo boot --json` prints");
  return {.code = 0, .error = {}, .json = std::move(*json)};
}

}  // namespace

int boot_verb(const Run& run) {
  Answer answer = run.line.from.empty() ? ask(run, {{"verb", "boot"}}) : kept_answer(run.line.from);
  if (answer.code != 0) return say_error(run, answer);
  answer.json.erase("ok");
  if (run.line.json)
    run.context.out(json_text(answer.json) + "\n");
  else if (run.line.svg)
    run.context.out(boot_svg(boot_report(answer.json)));
  else
    run.context.out(boot_text(boot_report(answer.json), run.context.width));
  return 0;
}

}  // namespace uebo::control
