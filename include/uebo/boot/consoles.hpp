#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uebo::boot {

/// Names of the terminals behind /proc/consoles (proc(5): a line a console, its device's numbers last, "4:64"). A
/// console without a device is left out; tty0, the virtual terminal in front, stands for tty1.
[[nodiscard]] std::vector<std::string> console_terminals(std::string_view proc_consoles);

/// TERM for a terminal's name: "linux" for a virtual one, "vt100" for a serial line.
[[nodiscard]] std::string_view terminal_type(std::string_view terminal);

}  // namespace uebo::boot
