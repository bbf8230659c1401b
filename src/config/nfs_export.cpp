#include "uebo/config/nfs_export.hpp"

#include <algorithm>
#include <array>

#include "hosts.hpp"
#include "text.hpp"

namespace uebo::config {
namespace {

constexpr std::array<std::string_view, 3> kVersions{"4.2", "4.1", "4.0"};
/// Not 4.2 unasked: its READ_PLUS gave Linux 6.12 zeros for every file of an nfs-ganesha 4.3, without any error. 4.1
/// has all that BOINC needs; its sessions get a client over a restart of its server better than 4.0 does.
constexpr std::array<std::string_view, 2> kTriedUnasked{"4.1", "4.0"};

std::string bracketed(const std::string& server) {
  return server.find(':') == std::string::npos ? server : "[" + server + "]";
}

bool take_option(std::string_view option, NfsExport& target) {
  constexpr std::string_view port = "port=";
  constexpr std::string_view version = "vers=";
  if (option.starts_with(port)) {
    const auto number = parse_port(option.substr(port.size()));
    if (number) target.port = *number;
    return number.has_value();
  }
  if (!option.starts_with(version)) return false;
  const auto known = std::ranges::find(kVersions, option.substr(version.size()));
  if (known == kVersions.end()) return false;
  target.versions = {std::string(*known)};
  return true;
}

}  // namespace

std::string NfsExport::source() const { return bracketed(server) + ":" + path; }

std::string NfsExport::endpoint() const { return bracketed(server) + ":" + std::to_string(port); }

std::optional<NfsExport> parse_nfs_export(std::string_view text) {
  const auto colon = text.find(":/");
  if (colon == std::string_view::npos || std::ranges::any_of(text, is_control)) return std::nullopt;
  const auto server = parse_server(text.substr(0, colon));
  if (!server) return std::nullopt;
  NfsExport result{
      .server = std::string(*server), .path = {}, .versions = {kTriedUnasked.begin(), kTriedUnasked.end()}};
  std::string_view rest = text.substr(colon + 1);
  const auto end_of_part = [&] { return std::min(rest.find(','), rest.size()); };
  result.path = rest.substr(0, end_of_part());
  rest.remove_prefix(result.path.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view option = rest.substr(0, end_of_part());
    if (!take_option(option, result)) return std::nullopt;
    rest.remove_prefix(option.size());
  }
  return result;
}

}  // namespace uebo::config
