// JSON that knows its lines. nlohmann-json reads it; its own tree forgets where a value stood, and keeps the last of
// two equal keys without a word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace uebo::config {

struct Member;

/// A line of one of the files that were laid over each other: the lowest is layer 0.
struct Line {
  unsigned number = 0;
  unsigned layer = 0;
  bool operator==(const Line&) const = default;
};

struct Value {
  using List = std::vector<Value>;
  using Object = std::vector<Member>;  // in the order of the file, repeated keys included

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> data;
  Line line;

  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data);
  }
};

struct Member {
  std::string key;
  Line line;
  Value value;
};

/// What stopped the reading, and where.
struct SyntaxError {
  unsigned line = 0;
  std::string text;
};

/// Never throws. Nesting is bounded, so that no file can exhaust the stack. All lines are marked as those of `layer`.
[[nodiscard]] std::variant<Value, SyntaxError> parse_json(std::string_view text, unsigned layer = 0);

/// Lays a patch over an object, by RFC 7386: objects are merged, null removes, everything else (a list too) replaces.
/// Each value keeps the line that it came from; a merged object has that of the patch.
void merge_patch(Value& target, const Value& patch);

/// A value for messages: `42`, `"always"`, `a list`.
[[nodiscard]] std::string shown(const Value& value);

}  // namespace uebo::config
