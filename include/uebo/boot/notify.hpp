// What roles tell PID 1, over its control socket (uebo/control/server.hpp has the verbs).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::boot {

/// A condition stays set until its last holder has cleared it. `by` is the unit whose work it was, where the holder is
/// none.
[[nodiscard]] Result<> set_condition(std::string_view name, const std::string& holder, const std::string& detail,
                                     const std::string& by = {});
[[nodiscard]] Result<> clear_condition(std::string_view name, const std::string& holder);
/// What the condition stands for does not answer: who needs it and is being stopped is killed at once.
[[nodiscard]] Result<> abandon_condition(std::string_view name);
/// A line about a unit; one that `stands` is shown by its status until the next.
[[nodiscard]] Result<> note_unit(const std::string& unit, const std::string& text, bool stands);
/// Jobs with this trigger run again, after their present run where they are running: "uevent:block".
[[nodiscard]] Result<> trigger(std::string_view name);
/// What does not run, or is not to run, stays as it is.
[[nodiscard]] Result<> restart_if_running(const std::string& name);
/// Makes the instance of a template as well. What is disabled stays so.
[[nodiscard]] Result<> start_service(const std::string& name);
/// Has the service files read again, with what is staged. `problems` were met on the way there, and are told with PID
/// 1's own.
[[nodiscard]] Result<> reload_services(const std::vector<std::string>& problems);

/// What PID 1's answer, {"ok":true} or {"ok":false,"error":...}, means for the request.
[[nodiscard]] Result<> understand_answer(const std::string& answer, const std::string& request);

}  // namespace uebo::boot
