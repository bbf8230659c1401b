#include "uebo/supervise/exit_reason.hpp"

#include <array>
#include <cstring>

namespace uebo::supervise {
namespace {

constexpr std::array<std::string_view, kExitKinds> kExitNames{
    "exited",   "signalled",      "dumped-core", "out-of-memory", "board-out-of-memory",
    "deadline", "start-deadline", "watchdog",    "exec-failed"};
static_assert(!kExitNames.back().empty());

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (name ? " (" + std::string(name) + ")" : "");
}

}  // namespace

std::string_view name_of(ExitReason::Kind kind) { return kExitNames[static_cast<std::size_t>(kind)]; }

std::string ExitReason::text() const {
  const std::string place = stage.empty() ? "" : stage + ": ";
  switch (kind) {
    case Kind::Exited:
      return place + "exit code " + std::to_string(value);
    case Kind::Signalled:
      return value != 0 ? place + signal_text(value) : stage;
    case Kind::DumpedCore:
      return place + signal_text(value) + ", core dumped";
    case Kind::OutOfMemory:
      return place + "killed at its memory limit";
    case Kind::BoardOutOfMemory:
      return place + "killed because the board had no memory left";
    case Kind::Deadline:
      return place + "not done by its deadline";
    case Kind::StartDeadline:
      return place + "not ready by its deadline";
    case Kind::Watchdog:
      return place + "no sign of life, its watchdog's time is over";
    case Kind::ExecFailed:
      return value != 0 ? place + strerrordesc_np(value) : stage;
  }
  return {};
}

}  // namespace uebo::supervise
