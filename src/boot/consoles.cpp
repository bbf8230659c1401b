// A login on every console.
#include "uebo/boot/consoles.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>

#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boot {
namespace {

bool is_device_number(std::string_view text) {
  const auto colon = text.find(':');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return colon != std::string_view::npos && digits(text.substr(0, colon)) && digits(text.substr(colon + 1));
}

bool is_virtual(std::string_view terminal) {
  return terminal.size() > 3 && terminal.starts_with("tty") && std::isdigit(static_cast<unsigned char>(terminal[3]));
}

}  // namespace

std::vector<std::string> console_terminals(std::string_view proc_consoles) {
  std::vector<std::string> terminals;
  for (const std::string& line : split(proc_consoles, "\n")) {
    const auto words = split(line, " \t");
    if (words.size() < 2 || !is_device_number(words.back())) continue;
    const std::string name = words.front() == "tty0" ? "tty1" : words.front();
    if (std::ranges::find(terminals, name) == terminals.end()) terminals.push_back(name);
  }
  return terminals;
}

std::string_view terminal_type(std::string_view terminal) { return is_virtual(terminal) ? "linux" : "vt100"; }

int consoles_role(std::span<const std::string_view>) {
  const auto text = read_file("/proc/consoles");
  if (!text) {
    spdlog::error("{}", text.error().message());
    return 1;
  }
  std::vector<std::string> started;
  for (const std::string& terminal : console_terminals(*text)) {
    if (access(("/dev/" + terminal).c_str(), F_OK) != 0) continue;
    if (const auto asked = start_service("getty@" + terminal); asked)
      started.push_back(terminal);
    else
      spdlog::error("{}", asked.error().message());
  }
  spdlog::info("login on {}", started.empty() ? "none" : fmt::format("{}", fmt::join(started, ", ")));
  return 0;
}

namespace {

/// getty throws away what is still on its way out (TCIOFLUSH): give the lines of the boot time to get there.
void drain_console(const std::string& terminal) {
  constexpr unsigned kPatience = 2;  // seconds: a line that is held up by flow control must not hold up the login
  const UniqueFd fd(open(("/dev/" + terminal).c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return;
  struct sigaction action{};
  action.sa_handler = [](int) {};  // no SA_RESTART: tcdrain(3) returns
  sigaction(SIGALRM, &action, nullptr);
  alarm(kPatience);
  tcdrain(fd.get());
  alarm(0);
}

}  // namespace

int getty_role(std::span<const std::string_view> arguments) {
  if (arguments.size() != 1) {
    spdlog::error("usage: uebo getty TERMINAL");
    return 2;
  }
  const std::string terminal(arguments[0]);
  const std::string type(terminal_type(terminal));
  setenv("TERM", type.c_str(), 1);
  drain_console(terminal);
  // -L: no carrier is waited for. Speed 0: as the kernel has set it for its console.
  const Error error = kernel::become_program({"/usr/sbin/getty", "-L", "0", terminal, type});
  spdlog::error("{}", error.message());
  return 1;
}

}  // namespace uebo::boot
