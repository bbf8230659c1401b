// Consul's HTTP API, as far as it is used here: what is sent, and what an answer says. Pure: no socket is touched.
//
// Two ways to register (developer.hashicorp.com/consul/api-docs/catalog and .../agent/service):
//   catalog  the node is an external one of the catalog. Each registration carries the whole node block: one without ID
//            or NodeMeta would blank both. The check that it carries is made by consul-esm, and by nobody else.
//   agent    the services are the agent's own, with a TTL check that has to be passed regularly.
// Whose a node (or an agent's service) is, its meta tells: `uebo` (the version), `id` and `mac` of the board.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::consul {

enum class Mode { Catalog, Agent };

/// The board as it presents itself.
struct Self {
  std::string name;
  std::string id;   // node_id() of `mac`; both are empty on a board without a network card
  std::string mac;  // "52:54:00:12:34:56"
  std::string version;
  std::string architecture;
  bool operator==(const Self&) const = default;
};

struct HttpRequest {
  enum class Method { Get, Put };
  Method method = Method::Get;
  std::string path;  // with its query
  std::string body;
  std::chrono::milliseconds timeout{5'000};
  bool operator==(const HttpRequest&) const = default;
};

struct SeenService {
  std::string name;
  std::uint16_t port = 0;
  std::string address;  // empty in the catalog: the node's
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
  bool operator==(const SeenService&) const = default;
};

/// What Consul has under a node's name. In agent mode: the services of that name that are registered by boards of ours.
struct SeenNode {
  std::string id;
  std::string address;
  std::map<std::string, std::string> meta;
  std::map<std::string, SeenService> services;  // by their IDs
  bool operator==(const SeenNode&) const = default;

  [[nodiscard]] bool is_ours() const { return meta.contains("uebo"); }
  [[nodiscard]] std::string mac() const;  // "unknown" where it does not tell
};

/// What a registration makes of the node; `up` in any order.
[[nodiscard]] SeenNode wanted_node(Mode mode, const Self& self, const std::string& address,
                                   const std::vector<config::ConsulService>& up);

/// Unique on a node in the catalog; in agent mode unique at the agent.
[[nodiscard]] std::string service_id(Mode mode, const Self& self, const std::string& service);

// --- requests

[[nodiscard]] HttpRequest inspect_request(Mode mode, const std::string& name);
/// Answered when the node is no longer as it was at `index`, or after `wait` and up to a sixteenth of it more.
[[nodiscard]] HttpRequest watch_request(const std::string& name, std::uint64_t index, std::chrono::seconds wait);
/// The node with this service; without one: the node alone (catalog). `with_check`: the health check too. A check that
/// is there already is left alone without it: its state is what consul-esm has found.
[[nodiscard]] HttpRequest register_request(Mode mode, const Self& self, const std::string& address,
                                           const std::optional<config::ConsulService>& service, bool with_check);
[[nodiscard]] HttpRequest deregister_request(Mode mode, const std::string& node, const std::string& service_id);
[[nodiscard]] HttpRequest deregister_node_request(const std::string& node);  // with all that is on it
[[nodiscard]] HttpRequest pass_request(const std::string& service_id);       // agent mode: the TTL begins anew

inline constexpr std::chrono::seconds kTtl{90};
inline constexpr std::chrono::minutes kForgottenAfter{10};

// --- answers

/// None: Consul has nothing under that name. Junk is an error that says what was expected.
[[nodiscard]] Result<std::optional<SeenNode>> parse_node(Mode mode, std::string_view body);
/// `id` of uebo_node_info in what a node's /metrics says; none where there is no such line.
[[nodiscard]] std::optional<std::string> node_id_in_metrics(std::string_view text);

}  // namespace uebo::consul
