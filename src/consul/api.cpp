#include "uebo/consul/api.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace uebo::consul {
namespace {

using Json = nlohmann::json;
using config::ConsulService;

constexpr std::string_view kCheckInterval = "30s";
constexpr std::string_view kCheckTimeout = "10s";
constexpr int kDeepest = 16;  // of an answer; Consul's go to 5

/// What a path or a query may hold as it is (RFC 3986, unreserved); all else as %XX.
std::string escaped(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string result;
  for (const char c : text)
    result += plain.find(c) != std::string_view::npos ? std::string(1, c)
                                                      : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return result;
}

std::string host_and_port(const std::string& address, std::uint16_t port) {
  const bool ipv6 = address.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

std::map<std::string, std::string> marks_of(const Self& self) {
  return {{"uebo", self.version}, {"id", self.id}, {"mac", self.mac}, {"arch", self.architecture}};
}

/// `external-node` and `external-probe` are consul-esm's: it makes the checks of such nodes, and pings them.
std::map<std::string, std::string> node_meta(const Self& self) {
  auto meta = marks_of(self);
  meta.erase("id");  // the node has one of its own
  meta["external-node"] = "true";
  meta["external-probe"] = "true";
  return meta;
}

/// In agent mode nothing but the service itself can say whose it is. The marks come first: merge() keeps what is there.
std::map<std::string, std::string> service_meta(Mode mode, const Self& self, const ConsulService& service) {
  auto meta = mode == Mode::Agent ? marks_of(self) : std::map<std::string, std::string>();
  meta["node"] = self.name;
  auto own = service.meta;
  meta.merge(own);
  return meta;
}

SeenService wanted_service(Mode mode, const Self& self, const std::string& address, const ConsulService& service) {
  return {.name = service.name,
          .port = service.port,
          .address = mode == Mode::Agent ? address : "",
          .tags = service.tags,
          .meta = service_meta(mode, self, service)};
}

Json service_json(std::string_view name_key, const std::string& id, const SeenService& service) {
  return {{"ID", id},
          {std::string(name_key), service.name},
          {"Port", service.port},
          {"Address", service.address},
          {"Tags", service.tags},
          {"Meta", service.meta}};
}

Json check_json(const Self& self, const std::string& id, const std::string& address, const ConsulService& service) {
  const std::string target = host_and_port(address, service.port);
  Json definition{{"Interval", kCheckInterval}, {"Timeout", kCheckTimeout}};
  if (service.health.empty())
    definition["TCP"] = target;
  else
    definition["HTTP"] = "http://" + target + service.health;
  return {{"Node", self.name},
          {"CheckID", "uebo:" + id},
          {"Name", service.name + " answers"},
          {"Status", "passing"},  // it has just taken a connection
          {"ServiceID", id},
          {"Definition", std::move(definition)}};
}

HttpRequest put(std::string path, const Json& body) {
  return {.method = HttpRequest::Method::Put,
          .path = std::move(path),
          .body = body.is_null() ? std::string() : body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

// --- answers: lenient, since newer versions add and leave out what they like

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::map<std::string, std::string> texts_of(const Json& object, const char* key) {
  std::map<std::string, std::string> texts;
  if (const auto found = object.find(key); found != object.end() && found->is_object())
    for (const auto& [name, value] : found->items())
      if (value.is_string()) texts[name] = value.get<std::string>();
  return texts;
}

SeenService seen_service(const Json& json) {
  SeenService service{.name = text_of(json, "Service"),
                      .port = 0,
                      .address = text_of(json, "Address"),
                      .tags = {},
                      .meta = texts_of(json, "Meta")};
  if (const auto port = json.find("Port"); port != json.end() && port->is_number_integer())
    service.port = static_cast<std::uint16_t>(port->get<std::int64_t>());
  if (const auto tags = json.find("Tags"); tags != json.end() && tags->is_array())
    for (const Json& tag : *tags)
      if (tag.is_string()) service.tags.push_back(tag.get<std::string>());
  return service;
}

void take_services(const Json& services, SeenNode& node) {
  for (const auto& [id, json] : services.items())
    if (json.is_object()) node.services[id] = seen_service(json);
}

std::optional<SeenNode> catalog_node(const Json& json) {
  if (json.is_null()) return std::nullopt;
  const Json& block = json.at("Node");
  SeenNode node{.id = text_of(block, "ID"),
                .address = text_of(block, "Address"),
                .meta = texts_of(block, "Meta"),
                .services = {}};
  if (const auto services = json.find("Services"); services != json.end() && services->is_object())
    take_services(*services, node);
  return node;
}

std::optional<SeenNode> agent_services(const Json& json) {
  SeenNode node;
  take_services(json, node);
  if (node.services.empty()) return std::nullopt;
  const SeenService& one = node.services.begin()->second;
  node.meta = one.meta;
  node.id = one.meta.contains("id") ? one.meta.at("id") : "";
  node.address = one.address;
  return node;
}

}  // namespace

std::string SeenNode::mac() const {
  const auto found = meta.find("mac");
  return found == meta.end() || found->second.empty() ? "unknown" : found->second;
}

std::string service_id(Mode mode, const Self& self, const std::string& service) {
  return mode == Mode::Catalog ? service : service + "-" + self.name;
}

SeenNode wanted_node(Mode mode, const Self& self, const std::string& address, const std::vector<ConsulService>& up) {
  SeenNode node{.id = self.id, .address = address, .meta = node_meta(self), .services = {}};
  for (const ConsulService& service : up)
    node.services[service_id(mode, self, service.name)] = wanted_service(mode, self, address, service);
  return node;
}

HttpRequest inspect_request(Mode mode, const std::string& name) {
  if (mode == Mode::Catalog) return {.path = "/v1/catalog/node/" + escaped(name), .body = {}};
  return {.path = "/v1/agent/services?filter=" + escaped("Meta.node == \"" + name + "\" and \"uebo\" in Meta"),
          .body = {}};
}

HttpRequest watch_request(const std::string& name, std::uint64_t index, std::chrono::seconds wait) {
  auto request = inspect_request(Mode::Catalog, name);
  request.path += fmt::format("?index={}&wait={}s", index, wait.count());
  request.timeout = wait + wait / 16 + std::chrono::seconds(10);
  return request;
}

HttpRequest register_request(Mode mode, const Self& self, const std::string& address,
                             const std::optional<ConsulService>& service, bool with_check) {
  if (mode == Mode::Agent) {
    const ConsulService& of = *service;
    Json body = service_json("Name", service_id(mode, self, of.name), wanted_service(mode, self, address, of));
    body["Check"] = {{"TTL", fmt::format("{}s", kTtl.count())},
                     {"Status", "passing"},
                     {"DeregisterCriticalServiceAfter", fmt::format("{}m", kForgottenAfter.count())}};
    return put("/v1/agent/service/register", body);
  }
  Json body{{"Node", self.name}, {"Address", address}, {"NodeMeta", node_meta(self)}};
  if (!self.id.empty()) body["ID"] = self.id;
  if (service) {
    const std::string id = service_id(mode, self, service->name);
    body["Service"] = service_json("Service", id, wanted_service(mode, self, address, *service));
    if (with_check) body["Checks"] = Json::array({check_json(self, id, address, *service)});
  }
  return put("/v1/catalog/register", body);
}

HttpRequest deregister_request(Mode mode, const std::string& node, const std::string& service_id) {
  if (mode == Mode::Agent) return put("/v1/agent/service/deregister/" + escaped(service_id), nullptr);
  return put("/v1/catalog/deregister", {{"Node", node}, {"ServiceID", service_id}});
}

HttpRequest deregister_node_request(const std::string& node) {
  return put("/v1/catalog/deregister", Json{{"Node", node}});
}

HttpRequest pass_request(const std::string& service_id) {
  return put("/v1/agent/check/pass/" + escaped("service:" + service_id), nullptr);
}

Result<std::optional<SeenNode>> parse_node(Mode mode, std::string_view body) {
  // What is nested deeper is nothing of interest, and must not fill the memory.
  const auto is_of_interest = [](int depth, Json::parse_event_t, const Json&) { return depth <= kDeepest; };
  const Json json = Json::parse(body, is_of_interest, false);
  const bool good = mode == Mode::Catalog
                        ? json.is_null() || (json.is_object() && json.contains("Node") && json["Node"].is_object())
                        : json.is_object();
  if (!good)
    return fail(
        0, "read the answer of", "Consul",
        mode == Mode::Catalog ? "expected null or an object with a \"Node\"" : "expected an object of services");
  return mode == Mode::Catalog ? catalog_node(json) : agent_services(json);
}

std::optional<std::string> node_id_in_metrics(std::string_view text) {
  constexpr std::string_view family = "uebo_node_info{";
  constexpr std::string_view label = "id=\"";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.size(), text.find('\n', begin));
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with(family)) continue;
    line.remove_prefix(family.size() - 1);
    for (std::size_t at = line.find(label); at != std::string_view::npos; at = line.find(label, at + 1)) {
      if (line[at - 1] != '{' && line[at - 1] != ',') continue;
      const std::string_view rest = line.substr(at + label.size());
      return std::string(rest.substr(0, rest.find('"')));
    }
  }
  return std::nullopt;
}

}  // namespace uebo::consul
