#include "text.hpp"

#include <algorithm>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.size(), text.find(',', begin));
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 64;
  std::string clean(text.substr(0, longest));
  std::ranges::replace_if(clean, is_control, '?');
  if (text.size() > longest) clean += "...";
  return clean;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const auto near = nearest(word, known);
  return near ? " (did you mean " + std::string(*near) + "?)" : std::string();
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  for (std::size_t begin = 0;;) {
    const std::size_t found = text.find(what, begin);
    result += text.substr(begin, found - begin);
    if (found == std::string_view::npos) return result;
    result += by;
    begin = found + what.size();
  }
}

std::vector<Reference> argument_references(std::string_view text) {
  constexpr std::string_view opening = "${uebo.";
  std::vector<Reference> references;
  for (std::size_t begin = text.find(opening); begin != std::string_view::npos; begin = text.find(opening, begin + 1)) {
    const std::size_t close = text.find('}', begin);
    if (close == std::string_view::npos) break;
    references.push_back({.name = text.substr(begin + 2, close - begin - 2), .begin = begin, .end = close + 1});
  }
  return references;
}

}  // namespace uebo::config
