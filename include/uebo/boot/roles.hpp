// The boot's bodies: every step that is not done in line runs as one of these, in a process of its own. Each logs plain
// lines; its LAST line is what the console shows of the step, and a run that changed nothing writes none.
#pragma once

#include <span>
#include <string_view>

#include "uebo/base/role.hpp"

namespace uebo::boot {

/// All of them, for main's table.
[[nodiscard]] std::span<const Role> roles();

int clock_floor_role(std::span<const std::string_view> arguments);
int clock_assume_role(std::span<const std::string_view> arguments);
int consoles_role(std::span<const std::string_view> arguments);
int dhcp_event_role(std::span<const std::string_view> arguments);
int format_role(std::span<const std::string_view> arguments);
int getty_role(std::span<const std::string_view> arguments);
int identity_role(std::span<const std::string_view> arguments);
int ipv6_link_role(std::span<const std::string_view> arguments);
int last_date_role(std::span<const std::string_view> arguments);
int modprobe_role(std::span<const std::string_view> arguments);
int modules_role(std::span<const std::string_view> arguments);
int network_role(std::span<const std::string_view> arguments);
int ntp_client_role(std::span<const std::string_view> arguments);
int ntp_event_role(std::span<const std::string_view> arguments);
int prepare_role(std::span<const std::string_view> arguments);
int purge_role(std::span<const std::string_view> arguments);
int ssh_server_role(std::span<const std::string_view> arguments);
int static_address_role(std::span<const std::string_view> arguments);
int storage_modules_role(std::span<const std::string_view> arguments);
int zram_role(std::span<const std::string_view> arguments);
int storage_patience_role(std::span<const std::string_view> arguments);
int storage_role(std::span<const std::string_view> arguments);
int storage_watch_role(std::span<const std::string_view> arguments);
int unmount_storage_role(std::span<const std::string_view> arguments);

}  // namespace uebo::boot
