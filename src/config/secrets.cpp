#include "secrets.hpp"

#include <algorithm>
#include <cctype>

#include "text.hpp"

namespace uebo::config {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The secret argument that a longer name begins with: "uebo.boinc.password:hunter2".
const ArgumentInfo* secret_glued_to(std::string_view name) {
  for (const ArgumentInfo& argument : arguments())
    if (argument.secret && name.size() > argument.name.size() && name.starts_with(argument.name)) return &argument;
  return nullptr;
}

/// Probably meant to be the name of a secret. Looked for among all words, not those that begin with "uebo." alone: to
/// cover too much is harmless.
bool resembles_secret(std::string_view name) {
  const std::string folded = lower(name);
  const bool ours = folded.starts_with("uebo");
  if (folded.find(ours ? "pass" : "passw") != std::string::npos) return true;
  if (folded.find("token") != std::string::npos && (ours || folded.find("consul") != std::string::npos)) return true;
  const auto near = nearest(folded, argument_names());
  return near && find_argument(*near)->secret;
}

}  // namespace

SecretPart secret_part(const Word& word) {
  const std::size_t end = word.value ? word.value_begin + word.value->size() : word.name_begin + word.name.size();
  if (const ArgumentInfo* secret = secret_glued_to(word.name)) {
    const std::size_t begin = word.name_begin + secret->name.size();
    // With its quotes, but for those around the whole word.
    const bool quoted_as_a_whole = word.name_begin > word.begin;
    return {.begin = begin, .size = (quoted_as_a_whole ? end : word.end) - begin};
  }
  if (!word.value) return {};
  const ArgumentInfo* known = find_argument(word.name);
  const bool secret = known ? known->secret : resembles_secret(word.name);
  return {.begin = word.value_begin, .size = secret ? word.value->size() : 0};
}

std::string shown_name(const Word& word) {
  const ArgumentInfo* secret = secret_glued_to(word.name);
  return secret ? std::string(secret->name) + "***" : printable(word.name);
}

}  // namespace uebo::config
