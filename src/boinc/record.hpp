// An element of the client's replies as a record of plain values.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <pugixml.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace uebo::boinc {

inline constexpr std::size_t kLongestText = 255;  // the client's own bound of names and addresses

template <class Record>
struct Field {
  std::string_view name;
  std::variant<std::string Record::*, double Record::*, bool Record::*> member;
};

/// A finite number, or kUnsaid.
[[nodiscard]] double number(std::string_view text);

/// The element's node; none where it is no XML. The text is parsed where it stands. No entities: the client writes
/// names as they are.
[[nodiscard]] pugi::xml_node parse(pugi::xml_document& document, std::span<char> text);

template <class Record, std::size_t N>
void read_children(pugi::xml_node node, const std::array<Field<Record>, N>& fields, Record& record) {
  for (const auto child : node) {
    const auto field = std::ranges::find(fields, std::string_view(child.name()), &Field<Record>::name);
    if (field == fields.end()) continue;
    if (const auto* const text = std::get_if<std::string Record::*>(&field->member))
      record.*(*text) = std::string_view(child.child_value()).substr(0, kLongestText);
    else if (const auto* const value = std::get_if<double Record::*>(&field->member))
      record.*(*value) = number(child.child_value());
    else if (const auto* const flag = std::get_if<bool Record::*>(&field->member))
      record.*(*flag) = std::string_view(child.child_value()) != "0";
  }
}

}  // namespace uebo::boinc
