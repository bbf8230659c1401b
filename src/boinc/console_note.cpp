#include "uebo/boinc/console_note.hpp"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "uebo/base/control_socket.hpp"

namespace uebo::boinc {
namespace {

constexpr std::chrono::seconds kTellPatience{5};

}  // namespace

void tell_console(const std::string& text, bool good) {
  if (good)
    spdlog::info("{}", text);
  else
    spdlog::warn("{}", text);
  const nlohmann::json note{{"verb", "note"}, {"name", "boinc"}, {"text", text}, {"stands", false}};
  if (const auto told = control_request(note.dump(), kTellPatience); !told) spdlog::warn("{}", told.error().message());
}

}  // namespace uebo::boinc
