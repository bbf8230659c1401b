#pragma once

#include <span>
#include <string_view>

#include "uebo/base/role.hpp"

namespace uebo::web {

/// All of them, for main's table.
[[nodiscard]] std::span<const Role> roles();

/// Serves PID 1's metrics on port 9101, for as long as it lives.
int metrics_role(std::span<const std::string_view> arguments);

}  // namespace uebo::web
