// The protocol's answers, as the command looks at them. What has come over the socket may hold anything: control
// characters, which could command a terminal, are taken out.
#pragma once

#include "uebo/control/json.hpp"
#include "uebo/control/view.hpp"

namespace uebo::control {

[[nodiscard]] UnitView unit_view(const Json& unit);
[[nodiscard]] std::vector<ConditionView> condition_views(const Json& conditions);
/// Printable; empty where there is no such text.
[[nodiscard]] std::string text_field(const Json& object, const char* name);
[[nodiscard]] std::vector<std::string> text_list(const Json& object, const char* name);

}  // namespace uebo::control
