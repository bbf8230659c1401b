#include "uebo/config/consul_endpoint.hpp"

#include "hosts.hpp"

namespace uebo::config {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::uint16_t kHttpPort = 8500;
constexpr std::uint16_t kHttpsPort = 8501;

}  // namespace

std::string ConsulEndpoint::url() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return std::string(tls ? kHttps : kHttp) + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ConsulEndpoint> parse_consul_endpoint(std::string_view text) {
  ConsulEndpoint endpoint;
  const bool http = text.starts_with(kHttp);
  endpoint.tls = text.starts_with(kHttps);
  if (http || endpoint.tls) text.remove_prefix(http ? kHttp.size() : kHttps.size());
  const auto colon = port_colon(text);
  const auto host = parse_server(text.substr(0, colon));
  if (!host) return std::nullopt;
  endpoint.host = *host;
  if (colon == std::string_view::npos) {
    if (!http && !endpoint.tls) return std::nullopt;
    endpoint.port = endpoint.tls ? kHttpsPort : kHttpPort;
    return endpoint;
  }
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  endpoint.port = *port;
  return endpoint;
}

}  // namespace uebo::config
