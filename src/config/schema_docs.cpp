// What people and editors are told about a table.
#include "schema.hpp"
#include "text.hpp"

namespace uebo::config {
namespace {

std::string quoted(std::string_view text) {
  return '"' + replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\"") + '"';
}

std::string required_names(Table table) {
  std::string text;
  for (const Key& key : table)
    if (key.fallback.empty()) text += (text.empty() ? "" : ", ") + quoted(key.name);
  return text;
}

std::string object_schema(Table table, const std::string& indent);

/// The members of a value's schema that say its type.
std::string type_of(const Form& form, const std::string& indent) {
  const std::string item = form.keys ? object_schema(*form.keys, indent) : indent + std::string(form.json_schema);
  if (!form.list) return item;
  const std::string inner = form.keys ? object_schema(*form.keys, indent + "  ") : std::string(form.json_schema);
  if (form.keys) return indent + "\"type\": \"array\",\n" + indent + "\"items\": {\n" + inner + "\n" + indent + "}";
  return indent + "\"type\": \"array\",\n" + indent + "\"items\": {" + inner + "}";
}

std::string key_schema(const Key& key, const std::string& indent) {
  std::string text = indent + quoted(key.name) + ": {\n";
  const std::string inner = indent + "  ";
  text += inner + "\"description\": " + quoted(key.meaning) + ",\n";
  if (!key.fallback.empty() && key.fallback != "null")
    text += inner + "\"default\": " + std::string(key.fallback) + ",\n";
  return text + type_of(key.form, inner) + "\n" + indent + "}";
}

std::string object_schema(Table table, const std::string& indent) {
  std::string text = indent + "\"type\": \"object\",\n" + indent + "\"additionalProperties\": false,\n";
  if (const std::string required = required_names(table); !required.empty())
    text += indent + "\"required\": [" + required + "],\n";
  text += indent + "\"properties\": {\n";
  std::string separator;
  for (const Key& key : table) {
    text += separator + key_schema(key, indent + "  ");
    separator = ",\n";
  }
  return text + "\n" + indent + "}";
}

std::string rows(Table table, const std::string& prefix) {
  std::string text;
  for (const Key& key : table) {
    const std::string name = prefix + std::string(key.name);
    text +=
        "| `" + name + "` | " + (key.form.list ? "a list, each item " : "") + std::string(key.form.expected) + " | ";
    if (key.fallback.empty())
      text += "required";
    else if (key.fallback != "null")
      text += "`" + std::string(key.fallback) + "`";
    text += " | " + std::string(key.meaning) + " |\n";
    if (key.form.keys) text += rows(*key.form.keys, name + (key.form.list ? "[]." : "."));
  }
  return text;
}

}  // namespace

std::string json_schema(Table table, std::string_view title) {
  return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": " + quoted(title) + ",\n" +
         object_schema(table, "  ") + "\n}\n";
}

std::string markdown(Table table) {
  return "| key | value | default | meaning |\n|---|---|---|---|\n" + rows(table, "");
}

}  // namespace uebo::config
