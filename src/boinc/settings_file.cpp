#include "uebo/boinc/settings_file.hpp"

#include <algorithm>

namespace uebo::boinc {
namespace {

/// The text with blanks for comments: every position means the same in both.
std::string without_comments(std::string_view text) {
  std::string bare(text);
  for (std::size_t begin = bare.find("<!--"); begin != std::string::npos; begin = bare.find("<!--", begin)) {
    const std::size_t end = bare.find("-->", begin);
    const std::size_t length = end == std::string::npos ? bare.size() - begin : end + 3 - begin;
    std::fill_n(bare.begin() + static_cast<std::ptrdiff_t>(begin), length, ' ');
  }
  return bare;
}

std::string tag(std::string_view name) { return "<" + std::string(name) + ">"; }
std::string end_tag(std::string_view name) { return "</" + std::string(name) + ">"; }

struct Span {
  std::size_t begin;  // of the content
  std::size_t end;
};

std::optional<Span> element(std::string_view bare, std::string_view name, std::size_t from = 0) {
  const std::size_t open = bare.find(tag(name), from);
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t begin = open + tag(name).size();
  const std::size_t end = bare.find(end_tag(name), begin);
  if (end == std::string_view::npos) return std::nullopt;
  return Span{begin, end};
}

/// <name>, <name/> or <name attribute="...">.
bool has_element(std::string_view bare, std::string_view name) {
  const std::string start = "<" + std::string(name);
  for (std::size_t at = bare.find(start); at != std::string_view::npos; at = bare.find(start, at + 1)) {
    const std::size_t next = at + start.size();
    if (next < bare.size() && std::string_view(" \t\r\n/>").find(bare[next]) != std::string_view::npos) return true;
  }
  return false;
}

/// Puts whole lines in front of the end tag at `position`, which keeps its own indentation.
std::string insert_lines(std::string_view text, std::size_t position, std::string_view lines) {
  const std::size_t line_begin = position == 0 ? 0 : text.rfind('\n', position - 1) + 1;
  const bool alone = text.substr(line_begin, position - line_begin).find_first_not_of(" \t") == std::string_view::npos;
  const std::size_t at = alone ? line_begin : position;
  std::string result(text.substr(0, at));
  if (!alone) result += '\n';
  return result.append(lines).append(text.substr(at));
}

/// The first element from `from` on that has this value.
std::optional<Span> element_with(std::string_view bare, const Setting& setting) {
  for (auto found = element(bare, setting.name); found; found = element(bare, setting.name, found->end))
    if (trim(bare.substr(found->begin, found->end - found->begin)) == setting.value) return found;
  return std::nullopt;
}

/// Puts lines of elements at the end of `section`, which is made where it is missing.
std::string add_lines(std::string_view text, Span outer, std::optional<Span> inner, std::string_view section,
                      std::string_view lines) {
  if (inner) return insert_lines(text, inner->end, lines);
  return insert_lines(text, outer.end,
                      "  " + tag(section) + "\n" + std::string(lines) + "  " + end_tag(section) + "\n");
}

std::string line_of(std::string_view indent, const Setting& setting) {
  return std::string(indent) + tag(setting.name) + std::string(setting.value) + end_tag(setting.name) + "\n";
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::optional<std::string> add_missing(std::string_view text, std::string_view root, std::string_view section,
                                       std::span<const Setting> settings) {
  const std::string bare = without_comments(text);
  const auto outer = element(bare, root);
  if (!outer) return std::nullopt;
  const auto inner = root == section ? outer : element(bare, section);
  const std::string_view present =
      inner ? std::string_view(bare).substr(inner->begin, inner->end - inner->begin) : std::string_view();
  const std::string indent = root == section ? "  " : "    ";
  std::string lines;
  for (const Setting& setting : settings)
    if (!has_element(present, setting.name)) lines += line_of(indent, setting);
  return lines.empty() ? std::string(text) : add_lines(text, *outer, inner, section, lines);
}

std::optional<std::string> with_listed(std::string_view text, std::string_view root, std::string_view section,
                                       const Setting& setting) {
  const std::string bare = without_comments(text);
  const auto outer = element(bare, root);
  if (!outer) return std::nullopt;
  if (element_with(bare, setting)) return std::string(text);
  const auto inner = root == section ? outer : element(bare, section);
  return add_lines(text, *outer, inner, section, line_of(root == section ? "  " : "    ", setting));
}

std::string without_listed(std::string_view text, const Setting& setting) {
  std::string result(text);
  while (const auto found = element_with(without_comments(result), setting)) {
    std::size_t begin = found->begin - tag(setting.name).size();
    std::size_t end = found->end + end_tag(setting.name).size();
    // A line of its own goes with its indentation and its end.
    const std::size_t line = begin == 0 ? 0 : result.rfind('\n', begin - 1) + 1;
    if (end < result.size() && result[end] == '\n' && trim(result.substr(line, begin - line)).empty()) {
      begin = line;
      ++end;
    }
    result.erase(begin, end - begin);
  }
  return result;
}

std::optional<std::string> value_of(std::string_view text, std::string_view name) {
  const std::string bare = without_comments(text);
  const auto found = element(bare, name);
  if (!found) return std::nullopt;
  return bare.substr(found->begin, found->end - found->begin);
}

std::string with_value(std::string_view text, const Setting& setting) {
  const auto found = element(without_comments(text), setting.name);
  std::string result(text);
  if (found) result.replace(found->begin, found->end - found->begin, setting.value);
  return result;
}

}  // namespace uebo::boinc
