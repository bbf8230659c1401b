#include <array>

#include "verbs.hpp"

namespace uebo::control {
namespace {

ShutdownKind kind_of(Verb verb) {
  if (verb == Verb::Reboot) return ShutdownKind::Reboot;
  return verb == Verb::Halt ? ShutdownKind::Halt : ShutdownKind::PowerOff;
}

}  // namespace

int shutdown_verb(const Run& run) {
  const ShutdownKind kind = kind_of(run.line.verb);
  if (run.line.force) return say_error(run, ExitCode::Failed, run.context.end_at_once(kind).message());
  if (run.line.drain && run.context.drain) {
    const std::array<std::string_view, 2> arguments{"--timeout", run.line.drain_timeout};
    if (const int code = run.context.drain(arguments); code != 0) {
      run.context.err("uebo: the node is not shut down; without --drain it is\n");
      return code;
    }
  }
  Answer answer = ask(run, {{"verb", name_of(kind)}});
  if (answer.code != 0) {
    answer.error += "; `uebo " + std::string(name_of(kind)) + " -f` does without PID 1";
    return say_error(run, answer);
  }
  run.context.out(run.line.json ? json_text(answer.json) + "\n" : "the node is shutting down\n");
  return 0;
}

}  // namespace uebo::control
