#include "schema.hpp"

#include <algorithm>

#include "text.hpp"

namespace uebo::config {
namespace {

std::vector<std::string_view> names(Table table) {
  std::vector<std::string_view> result;
  for (const Key& key : table) result.push_back(key.name);
  return result;
}

std::string expectation(const Key& key, const Value& wrong, bool whole) {
  const bool list = key.form.list && whole;
  return shown(wrong) + ": expected " + (list ? "a list, each item " : "") + std::string(key.form.expected);
}

void read_member(const Member& member, const Key& key, void* owner, Report& report) {
  const std::string outer = report.prefix;
  report.prefix += std::string(key.name) + ".";
  const Value* wrong = key.read(member.value, owner, report);
  report.prefix = outer;
  if (wrong)
    report.add(wrong->line, outer + std::string(key.name) + ": " + expectation(key, *wrong, wrong == &member.value));
}

}  // namespace

void read_object(const Value& object, Table table, void* owner, Report& report) {
  std::vector<std::string_view> seen;
  for (const Member& member : *object.get<Value::Object>()) {
    const auto key = std::ranges::find(table, member.key, &Key::name);
    const std::string name = report.prefix + printable(member.key);
    if (key == table.end())
      report.add(member.line, "unknown key " + name + did_you_mean(member.key, names(table)));
    else if (std::ranges::find(seen, key->name) != seen.end())
      report.add(member.line, name + " is given twice");
    else
      read_member(member, *key, owner, report);
    seen.push_back(member.key);
  }
  for (const Key& key : table)
    if (key.fallback.empty() && std::ranges::find(seen, key.name) == seen.end())
      report.add(object.line,
                 report.prefix + std::string(key.name) + " is missing: expected " + std::string(key.form.expected));
}

}  // namespace uebo::config
