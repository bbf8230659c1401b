// Small things about text that this room's files share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uebo::config {

[[nodiscard]] inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

[[nodiscard]] inline bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// At commas, empty parts left out. The parts point into `text`.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

/// For messages: no control characters, and cut to what a line can hold.
[[nodiscard]] std::string printable(std::string_view text);

/// " (did you mean X?)", or nothing when no known name is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

[[nodiscard]] std::string replace_all(std::string_view text, std::string_view what, std::string_view by);

/// The NAMEs of all ${NAME} that begin with "uebo.", with the place of the whole reference.
struct Reference {
  std::string_view name;
  std::size_t begin = 0;
  std::size_t end = 0;
};
[[nodiscard]] std::vector<Reference> argument_references(std::string_view text);

}  // namespace uebo::config
