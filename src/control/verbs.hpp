// The command's verbs, one file each, and what they share.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "uebo/control/command.hpp"
#include "uebo/control/command_line.hpp"
#include "uebo/control/json.hpp"

namespace uebo::control {

/// One run of the command.
struct Run {
  const CommandLine& line;
  const CommandContext& context;
};

/// Each returns the exit code.
int status_verb(const Run& run);
int change_verb(const Run& run);  // start, stop, restart, enable, disable
int logs_verb(const Run& run);
int boot_verb(const Run& run);
int check_verb(const Run& run);
int reload_verb(const Run& run);
int shutdown_verb(const Run& run);

/// Brings what lies in /storage/services to where PID 1 reads it, and returns what is wrong with it. Without storage
/// what was brought from it stays.
[[nodiscard]] std::vector<std::string> bring_overlays(const Run& run);

/// What PID 1 has said; an error of the socket counts as one of its own.
struct Answer {
  int code = 0;  // exit code: 0 where it is ok
  std::string error;
  Json json;
};
[[nodiscard]] Answer ask(const Run& run, const Json& request,
                         std::chrono::milliseconds timeout = std::chrono::seconds(10));

/// Says why it failed, as JSON where that was asked for. Returns the exit code.
int say_error(const Run& run, const Answer& answer);
int say_error(const Run& run, ExitCode code, const std::string& text);
/// A remark for people.
void warn(const Run& run, const std::string& text);

}  // namespace uebo::control
