// What the command was asked to do.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uebo::control {

enum class Verb { Status, Start, Stop, Restart, Enable, Disable, Logs, Boot, Check, Reload, PowerOff, Reboot, Halt };
/// "status", ...: as people write them.
[[nodiscard]] std::string_view name_of(Verb verb);

enum class CheckPrint { Nothing, Schema, Arguments, Keys, Conditions };

struct CommandLine {
  Verb verb = Verb::Status;
  std::vector<std::string> names;  // services, or files and directories to check
  std::string control;             // empty: the usual places
  std::string log;
  bool json = false;
  bool follow = false;               // logs
  bool all = false;                  // logs
  unsigned lines = 100;              // logs
  bool wait = true;                  // start, stop, restart
  std::optional<unsigned> timeout;   // seconds
  bool force = false;                // poweroff, reboot, halt
  bool drain = false;                // poweroff, reboot, halt
  std::string drain_timeout = "2h";  // a duration
  bool svg = false;                  // boot
  std::string from;                  // boot: a kept answer instead of PID 1
  CheckPrint print = CheckPrint::Nothing;
  std::optional<std::string> kernel_arguments;  // check
  std::string over;                             // check: a directory that the named files are laid over
  bool dry_run = false;                         // reload
};

/// Help that was asked for (exit code 0), or what is wrong (2).
struct Usage {
  int exit_code = 0;
  std::string text;
};

/// `words` is argv: the verb is the first word's file name (a link in /sbin) or the second word.
[[nodiscard]] std::variant<CommandLine, Usage> parse_command_line(std::span<const std::string_view> words);

}  // namespace uebo::control
