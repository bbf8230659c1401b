// The protocol's answers, as the command looks at them. What has come over the socket may hold anything: control
// characters, which could command a terminal, are taken out.
#pragma once

#include "uebo/control/json.hpp"
#include "uebo/control/view.hpp"

namespace uebo::control {

[[nodiscard]] UnitView unit_view(const Json& unit);
[[nodiscard]] std::vector<ConditionView> condition_views(const Json& conditions);
[[nodiscard]] std::vector<BootStep> boot_steps(const Json& answer);

}  // namespace uebo::control
