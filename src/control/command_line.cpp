// The only file that knows CLI11: it is large, and throws.
#include "uebo/control/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "uebo/config/kernel_args.hpp"

namespace uebo::control {
namespace {

using Words = std::span<const std::string_view>;

void add_json(CLI::App& app, CommandLine& line) { app.add_flag("--json", line.json, "Print JSON"); }

void add_services(CLI::App& app, CommandLine& line) {
  app.add_option("NAME", line.names, "Services, as `uebo status` names them")->required();
}

void add_timeout(CLI::App& app, CommandLine& line) {
  app.add_option_function<unsigned>(
         "--timeout", [&line](const unsigned& seconds) { line.timeout = seconds; }, "Seconds to wait at most")
      ->check(CLI::Range(0U, 600U));
}

void status_options(CLI::App& app, CommandLine& line) {
  app.add_option("NAME", line.names, "One service: all that is known of it, and the end of its log")->expected(0, 1);
  add_json(app, line);
}

void change_options(CLI::App& app, CommandLine& line) {
  add_services(app, line);
  app.add_flag_callback("--no-wait", [&line] { line.wait = false; }, "Only ask for it");
  add_timeout(app, line);
  add_json(app, line);
}

void enable_options(CLI::App& app, CommandLine& line) {
  add_services(app, line);
  add_json(app, line);
}

void logs_options(CLI::App& app, CommandLine& line) {
  app.add_option("NAME", line.names, "Services; `uebo` is PID 1 itself")->required();
  app.add_flag("-f,--follow", line.follow, "Go on with new lines as they come");
  app.add_option("-n,--lines", line.lines, "How many of the last lines to begin with")->capture_default_str();
  app.add_flag("-a,--all", line.all, "All lines that are kept");
  add_json(app, line);
}

void check_options(CLI::App& app, CommandLine& line) {
  const auto print = [&line](CheckPrint what) { return [&line, what] { line.print = what; }; };
  app.add_option("PATH", line.names, "Service files, and directories of them; this node's own by default");
  app.add_option("--over", line.over, "What they are laid over: the directory of an image's service files");
  app.add_option_function<std::string>(
      "--cmdline", [&line](const std::string& text) { line.kernel_arguments = text; },
      "Check a kernel command line instead");
  app.add_flag_callback("--schema", print(CheckPrint::Schema), "Print the JSON schema of service files");
  app.add_flag_callback("--keys", print(CheckPrint::Keys), "Print the keys of service files as a table");
  app.add_flag_callback("--arguments", print(CheckPrint::Arguments), "Print the kernel's uebo.* arguments as a table");
  app.add_flag_callback("--conditions", print(CheckPrint::Conditions), "Print the conditions as a table");
  add_json(app, line);
}

void reload_options(CLI::App& app, CommandLine& line) {
  app.add_flag("-n,--dry-run", line.dry_run, "Only say what would be done");
  add_json(app, line);
}

void boot_options(CLI::App& app, CommandLine& line) {
  auto* svg = app.add_flag("--svg", line.svg, "Print a picture");
  app.add_flag("--json", line.json, "Print JSON")->excludes(svg);
  app.add_option("--from", line.from, "Show what `uebo boot --json` has printed into this file, on any machine");
}

void shutdown_options(CLI::App& app, CommandLine& line) {
  auto* force = app.add_flag(
      "-f,--force", line.force,
      "At once: sync, for 10 s at most, then the kernel's call. No service is stopped, nothing is unmounted");
  auto* drain =
      app.add_flag("--drain", line.drain, "First let BOINC's tasks come to a checkpoint, as `uebo drain` does");
  drain->excludes(force);
  app.add_option("--drain-timeout", line.drain_timeout, "How long that may take, 2h without a word")->needs(drain);
  add_json(app, line);
}

struct VerbInfo {
  Verb verb;
  std::string_view name;
  const char* meaning;
  void (*options)(CLI::App& app, CommandLine& line);
  const char* examples;
};

constexpr std::array<VerbInfo, 13> kVerbs{{
    {Verb::Status, "status", "Show services, boot jobs and the node", status_options,
     "status          all services, and what each waits for\n"
     "  uebo status boinc    one service; exit code 3 when it doesn't run, 5 in a crash loop, 6 failed, 4 no such\n"
     "  uebo status --json   the same for programs"},
    {Verb::Start, "start", "Start services", change_options,
     "start boinc                returns when it runs, or has failed, or after 30 s\n"
     "  uebo start getty@ttyS1          an instance of a template\n"
     "  uebo start --no-wait boinc"},
    {Verb::Stop, "stop", "Stop services until somebody starts them, or the next boot", change_options,
     "stop boinc                returns when nothing of it is left, or after 120 s"},
    {Verb::Restart, "restart", "Stop services and start them again; a job is run again", change_options,
     "restart boinc\n"
     "  uebo restart storage           look for the disk again"},
    {Verb::Enable, "enable", "Start services now and at each boot", enable_options,
     "enable boinc              kept in /storage/services when there is storage"},
    {Verb::Disable, "disable", "Stop services and don't start them at boot", enable_options,
     "disable boinc             kept in /storage/services when there is storage, else until the next boot"},
    {Verb::Logs, "logs", "Show what services have written", logs_options,
     "logs boinc\n"
     "  uebo logs -f boinc dropbear   both as they come, each line with its service's name\n"
     "  uebo logs -n 20 uebo          the last lines of PID 1's own log"},
    {Verb::Boot, "boot", "Show what the boot waited for, and the times of its parts", boot_options,
     "boot                              what the last service waited for, and a bar for each\n"
     "  uebo boot --svg > boot.svg             the same as a picture\n"
     "  uebo boot --json > boot.json           to keep it\n"
     "  uebo boot --from boot.json --svg"},
    {Verb::Check, "check", "Check service files or a kernel command line, with the parser that PID 1 uses",
     check_options,
     "check services/boinc.json services/\n"
     "  uebo check --over services/ my-overlays/     files for /storage/services, over those of the image\n"
     "  uebo check --cmdline \"$(cat /proc/cmdline)\"\n"
     "  uebo check --schema > schema.json"},
    {Verb::Reload, "reload", "Read the service files again, say what that changes, and do it", reload_options,
     "reload\n"
     "  uebo reload --dry-run     only say it; exit code 1 when a file is bad"},
    {Verb::PowerOff, "poweroff", "Stop everything, unmount the storage, switch off", shutdown_options, "poweroff"},
    {Verb::Reboot, "reboot", "Stop everything, unmount the storage, start again", shutdown_options,
     "reboot\n"
     "  uebo reboot --drain --drain-timeout 30m   when what the tasks have done is safe; else it is called off\n"
     "  uebo reboot -f     when an orderly one hangs"},
    {Verb::Halt, "halt", "Stop everything, unmount the storage, stay halted", shutdown_options, "halt"},
}};
static_assert(kVerbs.size() == static_cast<std::size_t>(Verb::Halt) + 1);

constexpr const char* kDescription = "UEBO's control command: the node's services, boot and end.";
constexpr const char* kFooter =
    "`uebo VERB --help` explains a verb. All verbs work by their own names too: `status`, `reboot`.\n"
    "`uebo format DEVICE` makes a new storage; `uebo drain` lets BOINC's tasks come to a checkpoint, and suspends "
    "them.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 4 no such service; status NAME: 3 not running, 5 crash loop, 6 "
    "failed.";

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_verb(std::string_view word) { return std::ranges::find(kVerbs, word, &VerbInfo::name) != kVerbs.end(); }

/// As CLI11 wants them: behind the program's name, the last one first.
std::vector<std::string> reversed_arguments(Words words) {
  std::vector<std::string> arguments;
  if (!words.empty() && is_verb(file_name(words.front()))) arguments.emplace_back(file_name(words.front()));
  for (std::size_t i = 1; i < words.size(); ++i) arguments.emplace_back(words[i]);
  std::ranges::reverse(arguments);
  return arguments;
}

void describe(CLI::App& app, CommandLine& line) {
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.set_version_flag("--version", "uebo " UEBO_VERSION, "Print the version");
  app.add_option("--control", line.control, "The control socket, where it is not /run/uebo/control");
  app.add_option("--log", line.log, "The directory of logs, where it is not /var/log");
  for (const VerbInfo& info : kVerbs) {
    CLI::App& verb = *app.add_subcommand(std::string(info.name), info.meaning);
    verb.footer("Examples:\n  uebo " + std::string(info.examples));
    verb.callback([&line, &info] { line.verb = info.verb; });
    info.options(verb, line);
  }
}

Usage no_such_verb(const std::string& word) {
  std::vector<std::string_view> names;
  for (const VerbInfo& info : kVerbs) names.push_back(info.name);
  const auto meant = config::nearest(word, names);
  return {.exit_code = 2,
          .text = "uebo: there is no verb `" + word + "`" + (meant ? ", but " + std::string(*meant) : std::string()) +
                  " (`uebo --help` lists them)\n"};
}

std::variant<CommandLine, Usage> parse(Words words) {
  CommandLine line;
  auto arguments = reversed_arguments(words);
  CLI::App app(kDescription, "uebo");
  describe(app, line);
  if (arguments.empty()) return Usage{.exit_code = 2, .text = app.help()};
  if (!arguments.back().starts_with('-') && !is_verb(arguments.back())) return no_such_verb(arguments.back());
  try {
    app.parse(std::move(arguments));
    return line;
  } catch (const CLI::CallForHelp&) {
    return Usage{.exit_code = 0, .text = app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Usage{.exit_code = 0, .text = std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const std::string verb = app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name() + " ";
    return Usage{.exit_code = 2,
                 .text = std::string("uebo: ") + error.what() + " (`uebo " + verb + "--help` explains)\n"};
  }
}

}  // namespace

std::string_view name_of(Verb verb) { return kVerbs[static_cast<std::size_t>(verb)].name; }

std::variant<CommandLine, Usage> parse_command_line(Words words) {
  try {
    return parse(words);
  } catch (const std::exception& error) {
    return Usage{.exit_code = 1, .text = std::string("uebo: ") + error.what() + "\n"};
  }
}

}  // namespace uebo::control
