// Where Consul is, as uebo.consul names it: HOST:PORT, or http:// or https:// and HOST with or without :PORT.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uebo::config {

struct ConsulEndpoint {
  bool tls = false;
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 8500;
  bool operator==(const ConsulEndpoint&) const = default;

  /// "https://[::1]:8501", without a path.
  [[nodiscard]] std::string url() const;
};

/// A port may be left out behind a scheme alone: 8500 for http, 8501 for https (Consul's own defaults).
[[nodiscard]] std::optional<ConsulEndpoint> parse_consul_endpoint(std::string_view text);

}  // namespace uebo::config
