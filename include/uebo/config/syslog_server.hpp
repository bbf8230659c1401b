// Where the logs are sent, as uebo.syslog names it: HOST or HOST:PORT, an IPv6 address in brackets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uebo::config {

struct SyslogServer {
  std::string host;          // a name or an address, without brackets
  std::uint16_t port = 514;  // RFC 5426, section 3.3
  bool operator==(const SyslogServer&) const = default;
};

[[nodiscard]] std::optional<SyslogServer> parse_syslog_server(std::string_view text);

}  // namespace uebo::config
