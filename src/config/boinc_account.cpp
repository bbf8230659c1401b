#include "uebo/config/boinc_account.hpp"

#include <algorithm>
#include <vector>

#include "text.hpp"

namespace uebo::config {
namespace {

constexpr std::size_t kLongestField = 255;  // the client's own buffers hold so much (client/project.h, acct_mgr.h)
constexpr std::size_t kHashLength = 32;
constexpr const char* kNoUrl = "expected http:// or https:// and a host's full name or address in front";

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_small_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool fits(std::string_view text) { return !text.empty() && text.size() <= kLongestField; }

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = text.find(',');
    fields.push_back(text.substr(0, comma));
    if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
  }
  return fields;
}

}  // namespace

std::string canonical_project_url(std::string_view url) {
  const auto separator = url.find("://");
  if (separator == std::string_view::npos || url.size() > kLongestField) return {};
  std::string canonical;
  for (const char c : url.substr(0, separator)) canonical += small(c);
  if (canonical != "http" && canonical != "https") return {};
  canonical += "://";
  const auto rest = url.substr(separator + 3);
  const auto host = rest.substr(0, rest.find('/'));
  if (host.find('.') == std::string_view::npos || host.starts_with('.')) return {};
  for (const char c : host) canonical += small(c);
  for (const char c : rest.substr(host.size()))
    if (c != '/' || canonical.back() != '/') canonical += c;
  if (canonical.back() != '/') canonical += '/';
  const bool good = std::ranges::none_of(canonical, [](char c) { return is_control(c) || c == ' ' || c == '"'; });
  return good ? canonical : "";
}

std::expected<ProjectAccount, std::string> parse_project_account(std::string_view text) {
  const auto fields = fields_of(text);
  if (fields.size() != 2) return std::unexpected("expected two words with a comma between");
  const std::string url = canonical_project_url(fields[0]);
  if (url.empty()) return std::unexpected(kNoUrl);
  const std::string_view key = fields[1];
  if (!fits(key) || !std::ranges::all_of(key, [](char c) { return is_letter_or_digit(c) || c == '_'; }))
    return std::unexpected("expected an account key of letters, digits and `_` behind the comma");
  return ProjectAccount{.url = url, .authenticator = std::string(key)};
}

std::expected<ManagerAccount, std::string> parse_manager_account(std::string_view text) {
  const auto fields = fields_of(text);
  if (fields.size() != 3) return std::unexpected("expected three words with commas between");
  const std::string url = canonical_project_url(fields[0]);
  if (url.empty()) return std::unexpected(kNoUrl);
  if (!fits(fields[1]) || std::ranges::any_of(fields[1], is_control))
    return std::unexpected("expected a login between the commas");
  std::string hash;
  for (const char c : fields[2]) hash += small(c);
  if (hash.size() != kHashLength || !std::ranges::all_of(hash, is_small_hex))
    return std::unexpected("expected a hash of 32 hexadecimal digits behind the last comma");
  return ManagerAccount{.url = url, .login = std::string(fields[1]), .password_hash = hash};
}

}  // namespace uebo::config
