#pragma once

#include <span>
#include <string_view>

#include "uebo/base/role.hpp"

namespace uebo::boinc {

/// All of them, for main's table.
[[nodiscard]] std::span<const Role> roles();

int configure_role(std::span<const std::string_view> arguments);
int seal_role(std::span<const std::string_view> arguments);
int keeper_role(std::span<const std::string_view> arguments);
int drain_role(std::span<const std::string_view> arguments);
int bench_role(std::span<const std::string_view> arguments);
int exporter_role(std::span<const std::string_view> arguments);

}  // namespace uebo::boinc
