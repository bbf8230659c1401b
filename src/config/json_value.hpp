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

struct Value {
  using List = std::vector<Value>;
  using Object = std::vector<Member>;  // in the order of the file, repeated keys included

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> data;
  unsigned line = 0;

  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data);
  }
};

struct Member {
  std::string key;
  unsigned line = 0;
  Value value;
};

/// What stopped the reading, and where.
struct SyntaxError {
  unsigned line = 0;
  std::string text;
};

/// Never throws. Nesting is bounded, so that no file can exhaust the stack.
[[nodiscard]] std::variant<Value, SyntaxError> parse_json(std::string_view text);

/// A value for messages: `42`, `"always"`, `a list`.
[[nodiscard]] std::string shown(const Value& value);

}  // namespace uebo::config
