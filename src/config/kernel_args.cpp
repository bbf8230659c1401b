#include "uebo/config/kernel_args.hpp"

#include <algorithm>

#include "secrets.hpp"
#include "text.hpp"
#include "uebo/base/file.hpp"

namespace uebo::config {
namespace {

constexpr std::string_view kOurs = "uebo";

bool is_ours(std::string_view name) {
  return name.size() >= kOurs.size() &&
         std::ranges::equal(name.substr(0, kOurs.size()), kOurs, [](char a, char b) { return (a | 0x20) == b; });
}

std::string unknown(const Word& word) {
  return "unknown argument " + shown_name(word) + did_you_mean(word.name, argument_names());
}

/// A secret's value is not shown, however wrong it is.
std::string bad_value(const ArgumentInfo& argument, const Word& word) {
  std::string text(argument.name);
  if (!word.value) return text + " has no value: expected " + std::string(argument.value);
  if (!argument.secret) text += "=" + printable(*word.value);
  if (argument.flaw) return text + ": " + argument.flaw(*word.value);
  return text + ": expected " + std::string(argument.value);
}

/// For a POSIX shell: nothing is special between single quotes, but a single quote.
std::string shell_quoted(std::string_view text) { return "'" + replace_all(text, "'", "'\\''") + "'"; }

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

}  // namespace

KernelArgs KernelArgs::parse(std::string_view command_line) {
  KernelArgs args;
  bool for_init = false;
  for (const Word& word : split_command_line(command_line)) {
    args.has_secrets_ |= secret_part(word).size > 0;
    for_init |= word.name == "--" && !word.value;
    if (for_init) continue;
    args.words_.push_back(word.name);
    const ArgumentInfo* argument = find_argument(word.name);
    if (!argument) {
      if (is_ours(word.name)) args.warnings_.push_back(unknown(word));
    } else if (!word.value || !argument->good(*word.value)) {
      args.warnings_.push_back(bad_value(*argument, word));
    } else {
      auto& values = args.values_[word.name];
      if (!argument->repeatable) values.clear();
      values.push_back(*word.value);
    }
  }
  return args;
}

std::optional<std::string> KernelArgs::get(std::string_view name) const {
  if (const auto found = values_.find(name); found != values_.end()) return joined(found->second);
  const ArgumentInfo* argument = find_argument(name);
  if (!argument || argument->fallback.empty()) return std::nullopt;
  return std::string(argument->fallback);
}

std::vector<std::string> KernelArgs::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::vector<std::string> KernelArgs::list(std::string_view name) const {
  std::vector<std::string> items;
  for (const std::string& value : all(name))
    for (const std::string_view item : split_list(value)) items.emplace_back(item);
  return items;
}

bool KernelArgs::has_word(std::string_view name) const { return std::ranges::find(words_, name) != words_.end(); }

std::string KernelArgs::shell_exports() const {
  std::string text;
  for (const auto& [name, values] : values_)
    text += "export " + replace_all(name, ".", "_") + "=" + shell_quoted(joined(values)) + "\n";
  return text;
}

std::string expand(std::string_view text, const KernelArgs& arguments) {
  std::string result;
  std::size_t at = 0;
  for (const Reference& reference : argument_references(text)) {
    result += text.substr(at, reference.begin - at);
    result += arguments.get(reference.name).value_or("");
    at = reference.end;
  }
  result += text.substr(at);
  return result;
}

Result<KernelArgs> load_kernel_args() {
  auto line = read_file(kCommandLineFile);
  if (!line && (line.error().code == ENOENT || line.error().code == EACCES)) line = read_file("/proc/cmdline");
  const std::string text = UEBO_TRY(std::move(line));
  // The line's end is no part of a value, not even of one whose closing quote is missing.
  return KernelArgs::parse(std::string_view(text).substr(0, text.find_last_not_of('\n') + 1));
}

}  // namespace uebo::config
