#include "uebo/config/syslog_server.hpp"

#include "hosts.hpp"

namespace uebo::config {

std::optional<SyslogServer> parse_syslog_server(std::string_view text) {
  SyslogServer server;
  const auto colon = text.rfind(':');
  // None within the brackets of an IPv6 address.
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  const auto host = parse_server(has_port ? text.substr(0, colon) : text);
  if (!host) return std::nullopt;
  server.host = *host;
  if (!has_port) return server;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  server.port = *port;
  return server;
}

}  // namespace uebo::config
