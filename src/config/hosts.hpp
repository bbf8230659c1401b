// Servers and ports as arguments name them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {

/// The place of the colon before a port: none within the brackets of an IPv6 address. npos: there is no port.
[[nodiscard]] inline std::size_t port_colon(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool inside = colon != std::string_view::npos && text.find(']', colon) != std::string_view::npos;
  return inside ? std::string_view::npos : colon;
}

/// A host before a colon, without the brackets in which an IPv6 address stands there.
[[nodiscard]] inline std::optional<std::string_view> parse_server(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  const bool good = is_host(text) && (text.find(':') != std::string_view::npos) == bracketed;
  return good ? std::optional(text) : std::nullopt;
}

[[nodiscard]] inline std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = error == std::errc() && end == text.data() + text.size() && port >= 1;
  return good ? std::optional(port) : std::nullopt;
}

}  // namespace uebo::config
