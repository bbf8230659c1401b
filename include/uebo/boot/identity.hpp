// Who the node is.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace uebo::boot {

struct HostNameSources {
  std::optional<std::string> storage;   // the content of /storage/hostname
  std::optional<std::string> argument;  // uebo.hostname, or a host name in uebo.net
  std::optional<std::string> mac;       // "52:54:00:12:34:56"
};

struct HostName {
  std::string name;
  std::vector<std::string> warnings;  // names that were refused
};

/// The first of the sources that is an RFC 1123 label; "uebo-123456" from the MAC's last three bytes otherwise, and
/// "uebo" where there is no MAC.
[[nodiscard]] HostName choose_host_name(const HostNameSources& sources);

[[nodiscard]] std::string hosts_file(const std::string& host_name);

}  // namespace uebo::boot
