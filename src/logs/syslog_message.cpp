#include "uebo/logs/syslog_message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "uebo/base/utf8.hpp"

namespace uebo::logs {
namespace {

constexpr int kDaemon = 3;                 // facility, RFC 5424, section 6.2.1
constexpr std::size_t kLongestHost = 255;  // section 6
constexpr std::size_t kLongestApplication = 48;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Bytes of the character that begins with this one; 0: none does.
std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/// No character is longer than it has to be, is half of UTF-16's pair, or lies beyond U+10FFFF.
bool can_follow(char first, char second) {
  const auto byte = static_cast<unsigned char>(second);
  switch (static_cast<unsigned char>(first)) {
    case 0xe0:
      return byte >= 0xa0;
    case 0xed:
      return byte < 0xa0;
    case 0xf0:
      return byte >= 0x90;
    case 0xf4:
      return byte < 0x90;
    default:
      return true;
  }
}

/// RFC 3629, section 4.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = length_of(text.front());
    if (length == 0 || length > text.size()) return false;
    if (!std::ranges::all_of(text.substr(1, length - 1), is_inside_of_character)) return false;
    if (length > 1 && !can_follow(text[0], text[1])) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// PRINTUSASCII, and "-" for nothing.
std::string field(std::string_view text, std::size_t longest) {
  std::string field(text.substr(0, longest));
  std::ranges::replace_if(field, [](char c) { return c <= ' ' || c > '~'; }, '?');
  return field.empty() ? "-" : field;
}

}  // namespace

Severity severity_of(std::string_view text) {
  if (text.starts_with("error: ")) return Severity::Error;
  return text.starts_with("warning: ") ? Severity::Warning : Severity::Informational;
}

std::string syslog_message(const SyslogMessage& message) {
  const int priority = 8 * kDaemon + static_cast<int>(severity_of(message.text));
  std::string line = fmt::format("<{}>1 {} {} {} - - - ", priority, message.time ? stamp(*message.time) : "-",
                                 field(message.host, kLongestHost), field(message.service, kLongestApplication));
  const std::string_view text = message.text;
  const bool utf8 = is_utf8(text);
  if (utf8 && !is_ascii(text)) line += kByteOrderMark;
  const std::size_t room = kLongestMessage - line.size();
  return line.append(utf8 ? cut_utf8(text, room) : text.substr(0, room));
}

}  // namespace uebo::logs
