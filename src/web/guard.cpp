#include "uebo/web/guard.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "uebo/base/ip_address.hpp"

namespace uebo::web {
namespace {

constexpr std::array<std::string_view, 4> kLocalDomains{"local", "home.arpa", "internal", "lan"};
constexpr std::string_view kBlanks = " \t";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// "node:9101", "[fe80::1]:9101": what is before the port, without brackets. Empty where the rest is no port.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return {};
    const auto rest = host.substr(end + 1);
    return rest.empty() || rest.starts_with(':') ? host.substr(1, end - 1) : std::string_view();
  }
  return host.substr(0, host.find(':'));
}

}  // namespace

std::vector<std::string> search_domains(std::string_view resolv_conf) {
  std::vector<std::string> domains;
  while (!resolv_conf.empty()) {
    std::string_view line = resolv_conf.substr(0, resolv_conf.find('\n'));
    resolv_conf.remove_prefix(std::min(resolv_conf.size(), line.size() + 1));
    bool is_list = false;
    for (bool first = true; !line.empty(); first = false) {
      const auto word = line.substr(0, line.find_first_of(kBlanks));
      if (first)
        is_list = word == "search" || word == "domain";
      else if (is_list && !word.empty() && word != ".")
        domains.push_back(lower(word.substr(0, word.ends_with('.') ? word.size() - 1 : word.size())));
      line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
  }
  return domains;
}

bool is_own_host(std::string_view host, const OwnNames& names) {
  const std::string name = lower(without_port(host));
  if (name.empty()) return false;
  if (name == "localhost" || IpAddress::parse(name)) return true;
  const std::string own = lower(names.host);
  if (own.empty() || !name.starts_with(own)) return false;
  std::string_view domain = std::string_view(name).substr(own.size());
  if (domain.empty()) return true;
  if (!domain.starts_with('.')) return false;
  domain.remove_prefix(1);
  return std::ranges::find(kLocalDomains, domain) != kLocalDomains.end() ||
         std::ranges::find(names.domains, domain) != names.domains.end();
}

bool is_own_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme)) return lower(origin.substr(scheme.size())) == lower(host);
  return false;
}

bool wants_json(std::string_view accept) {
  return accept.find("application/json") != std::string_view::npos &&
         accept.find("text/html") == std::string_view::npos;
}

}  // namespace uebo::web
