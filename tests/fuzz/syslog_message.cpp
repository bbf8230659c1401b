// A line of any program's, on its way to a syslog server.
#include "uebo/logs/syslog_message.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "target.hpp"

using namespace uebo;

namespace {

bool is_utf8(const std::string& text) {
  try {
    (void)nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace

UEBO_FUZZ_TARGET(syslog_message) {
  const auto text = fuzz::text_of(input);
  const auto message =
      logs::syslog_message({.time = std::nullopt, .host = "pine-07", .service = "boinc", .text = text});
  fuzz::require(message.size() <= logs::kLongestMessage);
  const std::size_t begin = message.find(" - pine-07 boinc - - - ");
  fuzz::require(message.starts_with('<') && begin == message.find('>') + 2);
  std::string_view sent = std::string_view(message).substr(begin + std::string_view(" - pine-07 boinc - - - ").size());
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  const bool whole = is_utf8(std::string(text));
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  if (whole && !ascii) {
    fuzz::require(sent.starts_with(mark));
    sent.remove_prefix(mark.size());
    fuzz::require(is_utf8(std::string(sent)));
  }
  fuzz::require(text.starts_with(sent));
}
