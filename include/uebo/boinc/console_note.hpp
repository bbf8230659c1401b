#pragma once

#include <string>

namespace uebo::boinc {

/// A warning of the log that stands on the console, too, where somebody may look who sees no work. Nothing hangs on it.
void tell_console(const std::string& text, bool good = false);

}  // namespace uebo::boinc
