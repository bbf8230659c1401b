// The kernel's command line as a text: splitting it as the kernel does, and blanking what nobody may read.
#include <algorithm>
#include <iterator>

#include "secrets.hpp"
#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// next_arg() of lib/cmdline.c for the word that begins at `begin`.
Word read_word(std::string_view line, std::size_t begin) {
  const bool quoted = line[begin] == '"';
  const std::size_t start = begin + (quoted ? 1 : 0);
  bool in_quote = quoted;
  std::size_t equals = start;  // a word can't begin with its '='
  std::size_t end = start;
  for (; end < line.size() && (in_quote || !is_space(line[end])); ++end) {
    if (equals == start && line[end] == '=') equals = end;
    if (line[end] == '"') in_quote = !in_quote;
  }
  const bool closed = end > start && line[end - 1] == '"';
  std::size_t text_end = quoted && closed ? end - 1 : end;
  Word word{
      .name = {}, .value = std::nullopt, .begin = begin, .end = end, .name_begin = start, .value_begin = text_end};
  if (equals == start) {
    word.name = line.substr(start, text_end - start);
    return word;
  }
  word.name = line.substr(start, equals - start);
  word.value_begin = equals + 1;
  if (word.value_begin < end && line[word.value_begin] == '"') {
    ++word.value_begin;
    if (closed) text_end = end - 1;
  }
  text_end = std::max(text_end, word.value_begin);
  word.value = line.substr(word.value_begin, text_end - word.value_begin);
  return word;
}

}  // namespace

std::vector<Word> split_command_line(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    words.push_back(read_word(line, at));
    at = words.back().end;
  }
  return words;
}

std::string blank_secrets(std::string_view command_line) {
  std::string blanked(command_line);
  for (const Word& word : split_command_line(command_line)) {
    const auto secret = secret_part(word);
    const auto begin = blanked.begin() + static_cast<std::ptrdiff_t>(secret.begin);
    const auto end = begin + static_cast<std::ptrdiff_t>(secret.size);
    // With an odd quote gone, whoever reads the line takes what comes behind for a part of the value.
    const bool odd = std::count(begin, end, '"') % 2 != 0;
    std::fill(begin, end, '*');
    if (odd) *std::prev(end) = '"';
  }
  return blanked;
}

}  // namespace uebo::config
