#include "uebo/control/command.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "uebo/control/command_line.hpp"
#include "uebo/kernel/mount.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

constexpr int kSyncLimitMilliseconds = 10'000;

constexpr std::array<int (*)(const Run&), 13> kVerbFunctions{
    status_verb, change_verb, change_verb, change_verb,   change_verb,   change_verb,  logs_verb,
    boot_verb,   check_verb,  reload_verb, shutdown_verb, shutdown_verb, shutdown_verb};
static_assert(kVerbFunctions.size() == static_cast<std::size_t>(Verb::Halt) + 1);

/// sync(2) never comes back from a dead file server, and then it is a child that hangs.
void sync_bounded() {
  const pid_t child = fork();
  if (child == 0) {
    sync();
    _exit(0);
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  pollfd item{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  poll(&item, 1, kSyncLimitMilliseconds);
}

void write_to(std::FILE* file, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  if (!written) std::exit(static_cast<int>(ExitCode::Failed));  // nobody reads it: `uebo logs -f` must end
}

}  // namespace

Error end_at_once(ShutdownKind kind) {
  sync_bounded();
  constexpr std::array<unsigned, 3> commands{RB_POWER_OFF, RB_AUTOBOOT, RB_HALT_SYSTEM};
  reboot(static_cast<int>(commands[static_cast<std::size_t>(kind)]));
  return errno_error("reboot(2):", name_of(kind)).error();
}

bool is_mount_point(const std::string& path) {
  const auto mount = kernel::find_mount(path);
  return mount && mount->has_value();
}

std::optional<std::size_t> terminal_width() {
  if (isatty(STDOUT_FILENO) == 0) return std::nullopt;
  constexpr std::size_t usual = 80;
  winsize size{};  // a serial line does not know its size
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
  return size.ws_col;
}

void write_to_stdout(std::string_view text) { write_to(stdout, text); }
void write_to_stderr(std::string_view text) { write_to(stderr, text); }

Answer ask(const Run& run, const Json& request, std::chrono::milliseconds timeout) {
  const auto line = control_request(json_text(request), timeout, run.context.control);
  if (!line) return {.code = static_cast<int>(ExitCode::Failed), .error = line.error().message(), .json = {}};
  auto json = parse_object(*line);
  const auto ok = json ? bool_field(*json, "ok") : std::nullopt;
  if (!ok) return {.code = static_cast<int>(ExitCode::Failed), .error = "PID 1's answer is no JSON", .json = {}};
  if (*ok) return {.code = 0, .error = {}, .json = std::move(*json)};
  const double code = number_field(*json, "code").value_or(1);
  return {.code = code >= 1 && code <= 4 ? static_cast<int>(code) : static_cast<int>(ExitCode::Failed),
          .error = string_field(*json, "error").value_or("refused"),
          .json = std::move(*json)};
}

int say_error(const Run& run, const Answer& answer) {
  if (run.line.json)
    run.context.out(json_text({{"ok", false}, {"code", answer.code}, {"error", answer.error}}) + "\n");
  else
    run.context.err("uebo: " + answer.error + "\n");
  return answer.code;
}

int say_error(const Run& run, ExitCode code, const std::string& text) {
  return say_error(run, Answer{.code = static_cast<int>(code), .error = text, .json = {}});
}

void warn(const Run& run, const std::string& text) { run.context.err("uebo: " + text + "\n"); }

int command(std::span<const std::string_view> words, CommandContext context) {
  const auto parsed = parse_command_line(words);
  if (const auto* usage = std::get_if<Usage>(&parsed)) {
    (usage->exit_code == 0 ? context.out : context.err)(usage->text);
    return usage->exit_code;
  }
  const auto& line = std::get<CommandLine>(parsed);
  if (!line.control.empty()) context.control = line.control;
  if (!line.log.empty()) context.logs = line.log;
  const Run run{line, context};
  return kVerbFunctions[static_cast<std::size_t>(line.verb)](run);
}

}  // namespace uebo::control
