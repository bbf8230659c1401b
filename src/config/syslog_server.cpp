#include "uebo/config/syslog_server.hpp"

#include "hosts.hpp"

namespace uebo::config {

std::optional<SyslogServer> parse_syslog_server(std::string_view text) {
  SyslogServer server;
  const auto colon = port_colon(text);
  const auto host = parse_server(text.substr(0, colon));
  if (!host) return std::nullopt;
  server.host = *host;
  if (colon == std::string_view::npos) return server;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  server.port = *port;
  return server;
}

}  // namespace uebo::config
