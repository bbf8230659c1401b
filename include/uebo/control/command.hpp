// The control command: `uebo status`, `uebo restart boinc`, `status`, `reboot -f`. It asks PID 1 over the control
// socket, reads logs itself, and keeps in /storage what is to outlive a reboot.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/control_socket.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/control/requests.hpp"

namespace uebo::control {

/// sync(2), for 10 s at most, and reboot(2), with no service stopped. Comes back with an error alone.
[[nodiscard]] Error end_at_once(ShutdownKind kind);
/// Something is mounted there.
[[nodiscard]] bool is_mount_point(const std::string& path);
/// Columns of the terminal that standard output is, none where it is no terminal.
[[nodiscard]] std::optional<std::size_t> terminal_width();
void write_to_stdout(std::string_view text);
void write_to_stderr(std::string_view text);

/// Where the command finds things; tests have places of their own.
struct CommandContext {
  std::string control = kControlSocketPath;  // --control
  std::string logs = "/var/log";             // --log
  std::string services = "/usr/lib/uebo/services";
  std::string storage = "/storage";
  std::string overlays = "/run/uebo/services";               // copies of those of `storage`, for PID 1
  std::string this_boot = "/run/uebo/this-boot";             // overlays that are not kept
  std::vector<config::ServiceSpec> (*built_in)() = nullptr;  // units that are no files: services may need them
  bool (*is_mounted)(const std::string& path) = is_mount_point;
  Error (*end_at_once)(ShutdownKind kind) = control::end_at_once;
  int (*drain)(std::span<const std::string_view> arguments) = nullptr;  // of `reboot --drain`: as the role takes them
  std::optional<std::size_t> width = terminal_width();                  // none: nothing is cut
  std::function<void(std::string_view text)> out = write_to_stdout;
  std::function<void(std::string_view text)> err = write_to_stderr;
};

/// Runs the command: `words` is argv, and the verb is its first word's file name or its second word. Returns the exit
/// code: 0 done, 1 failed, 2 wrong usage, 4 no such service; of `status NAME` also 3 not running, 5 crash loop, 6
/// failed for good. Throws nothing.
int command(std::span<const std::string_view> words, CommandContext context = {});

}  // namespace uebo::control
