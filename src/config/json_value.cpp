#include "json_value.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "text.hpp"

namespace uebo::config {
namespace {

constexpr std::size_t kDeepest = 16;

/// Hands characters to the parser and notes how far it has come.
class Reader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reader(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Reader& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const Reader& other) const { return at_ == other.at_; }
  bool operator!=(const Reader& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// Builds the tree. The names of the functions are those of nlohmann::json_sax.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, unsigned layer) : text_(text), layer_(layer), reached_(first()) {}

  Reader begin() { return {first(), &reached_}; }
  Reader end() { return {first() + text_.size(), &reached_}; }
  Value root;
  SyntaxError error;

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) {
    return std::in_range<std::int64_t>(value) ? add(static_cast<std::int64_t>(value)) : add(static_cast<double>(value));
  }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return open(Value::Object()); }
  bool start_array(std::size_t) { return open(Value::List()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    std::get<Value::Object>(open_.back()->data).push_back({.key = std::move(name), .line = line(), .value = {}});
    return true;
  }

  /// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while parsing value - ..."
  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception& exception) {
    const std::string_view what = exception.what();
    const auto colon = what.find(": ");
    error.line = line_at(first() + std::min(std::max<std::size_t>(position, 1) - 1, text_.size()));
    error.text = printable_error(colon == std::string_view::npos ? what : what.substr(colon + 2));
    return false;
  }

 private:
  static std::string printable_error(std::string_view text) {
    std::string clean(text);
    std::ranges::replace_if(clean, is_control, ' ');
    return clean;
  }

  const char* first() const { return std::to_address(text_.begin()); }
  unsigned line_at(const char* place) const { return 1 + static_cast<unsigned>(std::count(first(), place, '\n')); }

  /// Of the token just read. After a number the parser has read one character too many.
  Line line() const { return {.number = line_at(std::max(first(), reached_ - 1)), .layer = layer_}; }

  template <class T>
  Value* put(T value) {
    Value* place = &root;
    if (!open_.empty()) {
      if (auto* list = std::get_if<Value::List>(&open_.back()->data))
        place = &list->emplace_back();
      else
        place = &std::get<Value::Object>(open_.back()->data).back().value;
    }
    place->data = std::move(value);
    place->line = line();
    return place;
  }

  template <class T>
  bool add(T value) {
    put(std::move(value));
    return true;
  }

  template <class T>
  bool open(T container) {
    if (open_.size() == kDeepest) {
      error = {.line = line().number, .text = "nested too deep"};
      return false;
    }
    open_.push_back(put(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  unsigned layer_;
  const char* reached_;
  std::vector<Value*> open_;  // a parent does not move while it is open: only the innermost grows
};

struct Shown {
  std::string operator()(std::nullptr_t) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double) const { return "a number with a fraction"; }
  std::string operator()(const std::string& value) const { return '"' + printable(value) + '"'; }
  std::string operator()(const Value::List& value) const { return value.empty() ? "an empty list" : "a list"; }
  std::string operator()(const Value::Object&) const { return "an object"; }
};

}  // namespace

std::variant<Value, SyntaxError> parse_json(std::string_view text, unsigned layer) {
  TreeBuilder builder(text, layer);
  if (!nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder)) return std::move(builder.error);
  return std::move(builder.root);
}

void merge_patch(Value& target, const Value& patch) {
  const auto* changes = patch.get<Value::Object>();
  if (!changes) {
    target = patch;
    return;
  }
  if (!target.get<Value::Object>()) target.data = Value::Object();
  target.line = patch.line;
  auto& members = std::get<Value::Object>(target.data);
  for (const Member& change : *changes) {
    const auto found = std::ranges::find(members, change.key, &Member::key);
    if (change.value.get<std::nullptr_t>()) {
      if (found != members.end()) members.erase(found);
      continue;
    }
    Member& member =
        found != members.end() ? *found : members.emplace_back(Member{.key = change.key, .line = {}, .value = {}});
    member.line = change.line;
    merge_patch(member.value, change.value);
  }
}

std::string shown(const Value& value) { return std::visit(Shown(), value.data); }

}  // namespace uebo::config
