// Characters of UTF-8 (RFC 3629): their first byte tells their length, and each further one is 10xxxxxx.
#pragma once

#include <cstddef>
#include <string_view>

namespace uebo {

[[nodiscard]] inline bool is_inside_of_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The first `most` bytes, less those of a character that would be cut through.
[[nodiscard]] inline std::string_view cut_utf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && is_inside_of_character(text[most])) --most;
  return text.substr(0, most);
}

}  // namespace uebo
