#pragma once

#include <span>
#include <string_view>

#include "uebo/base/role.hpp"

namespace uebo::consul {

/// All of them, for main's table.
[[nodiscard]] std::span<const Role> roles();

int registrar_role(std::span<const std::string_view> arguments);
int secrets_role(std::span<const std::string_view> arguments);

inline constexpr const char* kSecretsDirectory = "/run/uebo/consul";  // `token`, `ca.pem`: the registrar's alone

}  // namespace uebo::consul
