#pragma once

#include <optional>
#include <string>
#include <vector>

namespace uebo::control {

enum class Align { Left, Right };

/// Rows of cells as aligned columns, two spaces between them; the first row is the head. The last column is cut, with
/// "..." at its end, so that lines fit `width`; at least 8 characters of it stay. No spaces at the ends of lines.
class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string text(std::optional<std::size_t> width) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Words put into lines of at most `width` characters; lines after the first begin with `indent`.
[[nodiscard]] std::string wrapped(const std::vector<std::string>& words, std::size_t width, const std::string& indent);

/// Characters of UTF-8 text.
[[nodiscard]] std::size_t characters(const std::string& text);

}  // namespace uebo::control
