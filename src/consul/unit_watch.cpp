#include "unit_watch.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "uebo/base/control_socket.hpp"
#include "uebo/base/socket_address.hpp"

namespace uebo::consul {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kControlPatience{1};  // PID 1 answers at once, or not at all; SIGTERM waits meanwhile
constexpr unsigned kLongestWait = 600;               // for a change, in seconds

template <class Value>
Value value_or(const Json& object, const char* key, Value fallback) {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  if constexpr (std::is_same_v<Value, std::string>) {
    return found->is_string() ? found->template get<Value>() : fallback;
  } else {
    return found->is_number_unsigned() ? found->template get<Value>() : fallback;
  }
}

config::ConsulService service_from(const Json& json) {
  config::ConsulService service{.name = value_or<std::string>(json, "name", ""),
                                .port = 0,
                                .tags = {},
                                .meta = {},
                                .health = value_or<std::string>(json, "health", "")};
  const auto port = value_or<std::uint64_t>(json, "port", 0);
  if (port <= std::numeric_limits<std::uint16_t>::max()) service.port = static_cast<std::uint16_t>(port);
  const Json tags = json.value("tags", Json::array()), meta = json.value("meta", Json::object());
  for (const Json& tag : tags)
    if (tag.is_string()) service.tags.push_back(tag.get<std::string>());
  for (const auto& [name, value] : meta.items())
    if (value.is_string()) service.meta[name] = value.get<std::string>();
  return service;
}

}  // namespace

Result<UnitsSeen> parse_units(std::string_view status) {
  const Json json = Json::parse(status, nullptr, false);
  if (!json.is_object() || !json.contains("units") || !json["units"].is_array())
    return fail(0, "read the status of", "PID 1", "expected an object with \"units\"");
  UnitsSeen seen{.generation = value_or<std::uint64_t>(json, "generation", 0), .running = {}};
  for (const Json& unit : json["units"]) {
    if (!unit.is_object() || !unit.contains("up") || unit["up"] != true) continue;
    const auto consul = unit.find("consul");
    if (consul == unit.end() || !consul->is_object()) continue;
    auto service = service_from(*consul);
    if (!service.name.empty() && service.port > 0)
      seen.running.emplace(value_or<std::string>(unit, "name", ""), std::move(service));
  }
  return seen;
}

Result<UnitsSeen> UnitWatch::look() {
  pending_.reset();
  const std::string status = UEBO_TRY(control_request(R"({"verb":"status"})", kControlPatience, socket_));
  auto seen = UEBO_TRY(parse_units(status));
  pending_ = UEBO_TRY(ask_for_changes(seen.generation));
  return seen;
}

/// The answer is not read: that there is one says enough.
Result<UniqueFd> UnitWatch::ask_for_changes(std::uint64_t since) const {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("connect to", socket_);
  const auto address = UEBO_TRY(unix_address(socket_));
  if (connect(fd.get(), address.get(), address.size) != 0) return errno_error("connect to", socket_);
  const std::string line = fmt::format(R"({{"verb":"changes","since":{},"timeout":{}}})", since, kLongestWait) + "\n";
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return errno_error("write to", socket_);
  return fd;
}

}  // namespace uebo::consul
