#pragma once

#include <span>
#include <string_view>

namespace uebo {

/// A role of the binary: chosen by the first argument, or by the name that it was called by.
struct Role {
  std::string_view name;
  std::string_view synopsis;  // of its arguments, for --help
  std::string_view meaning;
  /// Gets the arguments behind the name and gives the exit code. Logging is set up already; nothing is thrown.
  int (*run)(std::span<const std::string_view> arguments);
};

}  // namespace uebo
