#include "uebo/metrics/families.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace uebo::metrics {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The length of the printable character that the text begins with; 0: there is none (RFC 3629, section 4).
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const auto within = [&](std::size_t at, unsigned first, unsigned last) {
    return byte(at) >= first && byte(at) <= last;
  };
  const auto continues = [&](std::size_t at) { return within(at, 0x80, 0xbf); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) && !(lead == 0xc2 && byte(1) < 0xa0) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef)
    return within(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
  if (lead >= 0xf0 && lead <= 0xf4)
    return within(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3) ? 4 : 0;
  return 0;
}

void append_escaped(std::string& text, std::string_view value) {
  while (true) {
    const std::size_t end = value.find_first_of("\"\\");
    text += value.substr(0, end);
    if (end == std::string_view::npos) return;
    text += '\\';
    text += value[end];
    value.remove_prefix(end + 1);
  }
}

/// As short as it can be read back, and Go's words for what is no finite number.
void append_value(std::string& text, double value) {
  if (std::isfinite(value))
    fmt::format_to(std::back_inserter(text), "{}", value);
  else if (std::isnan(value))
    text += "NaN";
  else
    text += value > 0 ? "+Inf" : "-Inf";
}

}  // namespace

std::string printable(std::string_view value) {
  const auto is_plain = [](char character) { return character >= ' ' && character < '\x7f'; };
  const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(value, is_plain) - value.begin());
  std::string result(value.substr(0, plain));
  value.remove_prefix(plain);
  while (!value.empty()) {
    const std::size_t size = character_size(value);
    result += size == 0 ? kReplacement : value.substr(0, size);
    value.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

void Families::sample(std::string_view type, std::string_view name, std::string_view help, double value,
                      const Labels& labels) {
  // Samples mostly come family by family.
  auto family = std::find_if(families_.rbegin(), families_.rend(), [&](const Family& one) { return one.name == name; });
  if (family == families_.rend()) {
    families_.push_back({std::string(name), fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type)});
    family = families_.rbegin();
  }
  std::string& text = family->text;
  text += name;
  char before = '{';
  for (const auto& [label, content] : labels) {
    text += before;
    text += label;
    text += "=\"";
    append_escaped(text, printable(content));
    text += '"';
    before = ',';
  }
  if (before == ',') text += '}';
  text += ' ';
  append_value(text, value);
  text += '\n';
}

void Families::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
  sample("gauge", name, help, value, labels);
}

void Families::counter(std::string_view name, std::string_view help, double value, const Labels& labels) {
  sample("counter", name, help, value, labels);
}

void Families::untyped(std::string_view name, std::string_view help, double value, const Labels& labels) {
  sample("untyped", name, help, value, labels);
}

std::string Families::text() const {
  std::size_t size = 0;
  for (const auto& family : families_) size += family.text.size();
  std::string text;
  text.reserve(size);
  for (const auto& family : families_) text += family.text;
  return text;
}

}  // namespace uebo::metrics
