#include "uebo/boot/notify.hpp"

#include <nlohmann/json.hpp>

#include "uebo/base/control_socket.hpp"

namespace uebo::boot {
namespace {

constexpr std::chrono::seconds kControlPatience{5};

Result<> ask(const nlohmann::json& request) {
  const std::string text = request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const std::string answer = UEBO_TRY(control_request(text, kControlPatience));
  return understand_answer(answer, text);
}

}  // namespace

Result<> understand_answer(const std::string& answer, const std::string& request) {
  const auto object = nlohmann::json::parse(answer, nullptr, false);
  if (!object.is_object()) return fail(0, "PID 1's answer to", request, "it is no JSON object");
  const auto ok = object.find("ok");
  if (ok != object.end() && *ok == true) return {};
  const auto error = object.find("error");
  const bool said = error != object.end() && error->is_string();
  return fail(0, "PID 1 refuses", request, said ? error->get<std::string>() : "without a reason");
}

Result<> set_condition(std::string_view name, const std::string& holder, const std::string& detail,
                       const std::string& by) {
  return ask(
      {{"verb", "condition"}, {"name", name}, {"set", true}, {"holder", holder}, {"detail", detail}, {"by", by}});
}

Result<> clear_condition(std::string_view name, const std::string& holder) {
  return ask({{"verb", "condition"}, {"name", name}, {"set", false}, {"holder", holder}});
}

Result<> abandon_condition(std::string_view name) { return ask({{"verb", "abandon"}, {"name", name}}); }

Result<> note_unit(const std::string& unit, const std::string& text, bool stands) {
  return ask({{"verb", "note"}, {"name", unit}, {"text", text}, {"stands", stands}});
}

Result<> trigger(std::string_view name) { return ask({{"verb", "trigger"}, {"name", name}}); }

Result<> restart_if_running(const std::string& name) {
  const nlohmann::json request{{"verb", "status"}, {"name", name}};
  const auto answer =
      nlohmann::json::parse(UEBO_TRY(control_request(request.dump(), kControlPatience)), nullptr, false);
  const nlohmann::json::json_pointer state("/unit/state");
  if (!answer.is_object() || !answer.contains(state) || (answer[state] != "running" && answer[state] != "ready"))
    return {};
  return ask({{"verb", "restart"}, {"name", name}});
}

Result<> start_service(const std::string& name) {
  return ask({{"verb", "start"}, {"name", name}, {"if_enabled", true}});
}

Result<> reload_services(const std::vector<std::string>& problems) {
  return ask({{"verb", "reload"}, {"problems", problems}});
}

}  // namespace uebo::boot
