#include "uebo/control/table.hpp"

#include <algorithm>

#include "uebo/base/utf8.hpp"

namespace uebo::control {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kShortest = 8;

std::string cut(const std::string& text, std::size_t width) {
  constexpr std::string_view mark = "...";
  if (characters(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end)
    if (!is_inside_of_character(text[end]) && ++count > width - mark.size()) break;
  return text.substr(0, end) + std::string(mark);
}

std::string padded(const std::string& text, std::size_t width, Align align) {
  const std::string space(width - std::min(width, characters(text)), ' ');
  return align == Align::Left ? text + space : space + text;
}

}  // namespace

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_inside_of_character(c); }));
}

std::string Table::text(std::optional<std::size_t> width) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap.size();

  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += padded(row[i], widths[i], columns_[i]) + std::string(kGap);
    const std::size_t left = width && *width > before_last ? *width - before_last : 0;
    line += width ? cut(row.back(), std::max(left, kShortest)) : row.back();
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string wrapped(const std::vector<std::string>& words, std::size_t width, const std::string& indent) {
  std::string text;
  std::size_t column = 0;
  for (const std::string& word : words) {
    if (column > 0 && column + 1 + characters(word) > width) {
      text += "\n" + indent;
      column = indent.size();
    } else if (column > 0) {
      text += " ";
      ++column;
    }
    text += word;
    column += characters(word);
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace uebo::control
