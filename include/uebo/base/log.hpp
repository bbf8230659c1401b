// Logging is spdlog's; this sets up where it goes. Roles write plain lines to stderr, which PID 1 reads and stamps;
// PID 1 itself writes to the console, the kernel log and, once there is one, its own log.
#pragma once

#include <spdlog/spdlog.h>

#include <functional>
#include <string_view>

namespace uebo::log {

/// For roles and the control command: one line a message on stderr, no time, no colour.
/// Warnings and errors carry their level in front.
void to_stderr();

/// For PID 1: the console (opened anew for each line without blocking: a console that hangs costs lines, never the
/// boot) and /dev/kmsg with its level.
void to_console_and_kernel();

/// From now on each line, debug ones too, also goes to `copy`, without a line end. An empty function ends it.
void copy_to(std::function<void(std::string_view line)> copy);

}  // namespace uebo::log
