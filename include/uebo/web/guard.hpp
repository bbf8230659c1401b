// Whom the page answers. A page of somebody else's, open in a browser of the same network, can send requests here: by a
// name of its own that it has pointed to this node (DNS rebinding), or across origins. The first is told by the Host
// header, the second by the Origin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uebo::web {

struct OwnNames {
  std::string host;                  // "node-7"
  std::vector<std::string> domains;  // that the node is known in: "example.lan"
};

/// Of /etc/resolv.conf (resolv.conf(5)): what "search" and "domain" name.
[[nodiscard]] std::vector<std::string> search_domains(std::string_view resolv_conf);

/// A Host header (RFC 9110, 7.2) that is an address, "localhost", or the node's name, alone or in a domain of its own
/// or one that is for local names alone: local (RFC 6762), home.arpa (RFC 8375), internal, lan.
[[nodiscard]] bool is_own_host(std::string_view host, const OwnNames& names);

/// Whether an Origin header (RFC 6454; empty: there was none) is that of a page from `host`.
[[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host);

/// Whether an Accept header (RFC 9110, 12.5.1) asks for JSON rather than for a page.
[[nodiscard]] bool wants_json(std::string_view accept);

}  // namespace uebo::web
