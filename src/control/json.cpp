#include "uebo/control/json.hpp"

#include <cmath>

namespace uebo::control {

std::string json_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<Json> parse_object(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

const Json& field(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::optional<std::string> string_field(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

std::optional<bool> bool_field(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}

std::optional<double> number_field(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

double json_seconds(Duration duration) {
  return std::round(std::chrono::duration<double, std::milli>(duration).count()) / 1000;
}

}  // namespace uebo::control
