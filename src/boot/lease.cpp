#include "uebo/boot/lease.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "uebo/boot/text.hpp"

namespace uebo::boot {
namespace {

constexpr std::size_t kMostNameServers = 3;  // MAXNS, resolv.conf(5)

std::optional<std::uint32_t> parse_address(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::vector<std::string> addresses(const Environment& environment, std::string_view name) {
  std::vector<std::string> result;
  for (const std::string& word : split(environment(name).value_or(""), " "))
    if (parse_address(word)) result.push_back(word);
  return result;
}

std::optional<unsigned> prefix_of(const Environment& environment) {
  if (const auto mask = environment("mask")) {
    unsigned value = 0;
    const auto parsed = std::from_chars(mask->data(), mask->data() + mask->size(), value);
    if (parsed.ec == std::errc() && parsed.ptr == mask->data() + mask->size() && value >= 1 && value <= 32)
      return value;
  }
  const auto subnet = parse_address(environment("subnet").value_or(""));
  if (!subnet || *subnet == 0) return std::nullopt;
  const auto ones = static_cast<unsigned>(std::countl_one(*subnet));
  return ones + static_cast<unsigned>(std::countr_zero(*subnet)) == 32 || ones == 32 ? std::optional(ones)
                                                                                     : std::nullopt;
}

/// A server need not send a mask: the network's class says it then (RFC 950).
unsigned prefix_of_class(std::uint32_t address) { return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24; }

bool is_domain(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return !text.empty() && text.size() <= 253 && text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

std::string Lease::text() const { return fmt::format("{} {}/{}", link, address, prefix); }

Result<Lease> parse_lease(const Environment& environment) {
  Lease lease;
  lease.link = environment("interface").value_or("");
  if (!is_link_name(lease.link)) return fail(0, "DHCP lease", lease.link, "no name of a link in $interface");
  lease.address = environment("ip").value_or("");
  const auto address = parse_address(lease.address);
  if (!address) return fail(0, "DHCP lease for", lease.link, "no address in $ip");
  lease.prefix = prefix_of(environment).value_or(prefix_of_class(*address));
  lease.routers = addresses(environment, "router");
  lease.name_servers = addresses(environment, "dns");
  lease.time_servers = addresses(environment, "ntpsrv");
  if (const auto domain = environment("domain"); domain && is_domain(*domain)) lease.domain = *domain;
  return lease;
}

bool is_link_name(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; });
}

std::string resolver_lines(const Lease& lease) {
  std::string lines = lease.domain.empty() ? "" : "search " + lease.domain + "\n";
  for (const std::string& server : lease.name_servers) lines += "nameserver " + server + "\n";
  return lines;
}

std::string resolver_file(const std::vector<std::string>& lines_of_leases) {
  std::vector<std::string> servers;
  std::string search;
  for (const std::string& lines : lines_of_leases)
    for (const std::string& line : split(lines, "\n")) {
      if (line.starts_with("search ") && search.empty()) search = line;
      const bool known = std::ranges::find(servers, line) != servers.end();
      if (line.starts_with("nameserver ") && !known && servers.size() < kMostNameServers) servers.push_back(line);
    }
  std::string file = search.empty() ? "" : search + "\n";
  for (const std::string& server : servers) file += server + "\n";
  return file;
}

}  // namespace uebo::boot
