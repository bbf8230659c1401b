#include "verbs.hpp"
#include "view_json.hpp"

namespace uebo::control {

int boot_verb(const Run& run) {
  Answer answer = ask(run, {{"verb", "boot"}});
  if (answer.code != 0) return say_error(run, answer);
  answer.json.erase("ok");
  run.context.out(run.line.json ? json_text(answer.json) + "\n"
                                : boot_text(boot_steps(answer.json), run.context.width));
  return 0;
}

}  // namespace uebo::control
