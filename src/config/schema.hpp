// The machinery of schema tables: a table has a row for each key of an object; a row has the key's name, default,
// meaning, its form (what is expected, and the JSON schema of that) and the function that reads it into its field.
// Parser, messages, JSON schema and documentation are made from the rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "json_value.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {

struct Key;
using Table = std::span<const Key>;

/// What kind of value a key takes. Of a list: the kind of its items.
struct Form {
  std::string_view expected;     // after "expected": "a whole number from -20 to 19"
  std::string_view json_schema;  // as JSON; empty: an object that has `keys`
  bool list = false;
  const Table* keys = nullptr;
};

/// Gathers what is wrong with a file, or with files that were laid over each other.
struct Report {
  std::vector<Problem>& problems;
  std::vector<std::string> files;  // by Line::layer
  std::string prefix = {};         // of keys: "stop."
  void add(Line line, std::string text) {
    problems.push_back({.file = files[line.layer], .line = line.number, .text = std::move(text)});
  }
};

struct Key {
  std::string_view name;
  std::string_view fallback;  // the default as JSON; "null": there is none; empty: the key is required
  std::string_view meaning;
  Form form;
  /// Reads a value into the field of `owner` (the struct that the table describes). Returns the value, or the part of
  /// it, that is not of the form; nullptr when all is well. Objects report what is wrong inside of them themselves.
  const Value* (*read)(const Value& value, void* owner, Report& report);
  /// Whether the fields of two owners are equal; null: there is no field.
  bool (*same)(const void* left, const void* right) = nullptr;
};

/// Reads an object by its table. Unknown, repeated, missing and bad keys are reported.
void read_object(const Value& object, Table table, void* owner, Report& report);

/// As the "properties" of a JSON schema want it, and as rows of a markdown table.
[[nodiscard]] std::string json_schema(Table table, std::string_view title);
[[nodiscard]] std::string markdown(Table table);

// --- making rows

template <class Owner, class Field>
Owner owner_of(Field Owner::*);

/// A row for one field. `Kind` has a `form` and a `read(value, field, report)`.
template <auto Member, class Kind>
constexpr Key key(std::string_view name, std::string_view fallback, std::string_view meaning) {
  using Owner = decltype(owner_of(Member));
  return {.name = name,
          .fallback = fallback,
          .meaning = meaning,
          .form = Kind::form,
          .read = [](const Value& value, void* owner, Report& report) -> const Value* {
            return Kind::read(value, static_cast<Owner*>(owner)->*Member, report);
          },
          .same =
              [](const void* left, const void* right) {
                return static_cast<const Owner*>(left)->*Member == static_cast<const Owner*>(right)->*Member;
              }};
}

/// A kind from a function that makes the field's value, or nothing when the JSON is not right.
template <const Form& TheForm, auto Make>
struct Scalar {
  static constexpr Form form = TheForm;
  template <class Field>
  static const Value* read(const Value& value, Field& field, Report&) {
    auto made = Make(value);
    if (!made) return &value;
    if constexpr (std::is_same_v<Field, decltype(made)>)
      field = std::move(made);
    else
      field = std::move(*made);
    return nullptr;
  }
};

template <class Kind>
struct ListOf {
  static constexpr Form form{
      .expected = Kind::form.expected, .json_schema = Kind::form.json_schema, .list = true, .keys = Kind::form.keys};
  template <class Item>
  static const Value* read(const Value& value, std::vector<Item>& field, Report& report) {
    const auto* list = value.get<Value::List>();
    if (!list) return &value;
    for (const Value& element : *list)
      if (const Value* wrong = Kind::read(element, field.emplace_back(), report)) return wrong;
    return nullptr;
  }
};

template <const Table& Keys>
struct ObjectOf {
  static constexpr Form form{.expected = "an object", .json_schema = {}, .list = false, .keys = &Keys};
  template <class Field>
  static const Value* read(const Value& value, Field& field, Report& report) {
    if (!value.get<Value::Object>()) return &value;
    read_object(value, Keys, &field, report);
    return nullptr;
  }
};

/// An object that may be missing altogether.
template <const Table& Keys>
struct OptionalObjectOf {
  static constexpr Form form = ObjectOf<Keys>::form;
  template <class Owner>
  static const Value* read(const Value& value, std::optional<Owner>& field, Report& report) {
    return ObjectOf<Keys>::read(value, field.emplace(), report);
  }
};

}  // namespace uebo::config
