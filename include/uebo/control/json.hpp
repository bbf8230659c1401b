// Reading and writing JSON without exceptions: a field of the wrong type is a field that is not there.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "uebo/base/clock.hpp"

namespace uebo::control {

using Json = nlohmann::json;

/// On one line; what is not UTF-8 (a daemon's last words may be anything) is replaced.
[[nodiscard]] std::string json_text(const Json& value);
/// An object, or none: no JSON, or something else.
[[nodiscard]] std::optional<Json> parse_object(std::string_view text);

/// Null where there is no such field.
[[nodiscard]] const Json& field(const Json& object, const char* name);
[[nodiscard]] std::optional<std::string> string_field(const Json& object, const char* name);
[[nodiscard]] std::optional<bool> bool_field(const Json& object, const char* name);
[[nodiscard]] std::optional<double> number_field(const Json& object, const char* name);

/// Seconds, to the millisecond.
[[nodiscard]] double json_seconds(Duration duration);

}  // namespace uebo::control
