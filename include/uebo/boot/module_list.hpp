// Lists of modules: a name a line, options behind it where the module takes some, # comments.
#pragma once

#include <string>

#include "uebo/kernel/modules.hpp"

namespace uebo::boot {

/// "/etc/devices/xunlong-orangepi-pc" for "xunlong,orangepi-pc".
[[nodiscard]] std::string device_list_path(const std::string& compatible);

/// Loads what a list names. A missing file is an empty list, a missing module a line in the log. Return how many
/// modules were inserted.
unsigned load_module_list(kernel::Modules& modules, const std::string& path);
/// One line of such a list; `origin` is for the log.
unsigned load_listed(kernel::Modules& modules, const std::string& line, const std::string& origin);

}  // namespace uebo::boot
