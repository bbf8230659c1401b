#include "uebo/boot/lease.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>

#include "uebo/base/ip_address.hpp"
#include "uebo/boot/text.hpp"

namespace uebo::boot {
namespace {

constexpr std::size_t kMostServers = 8;  // an option holds up to 63; who needs more than a few is a mistake or worse
constexpr unsigned kSmallestMtu = 1280;
constexpr unsigned kLargestMtu = 65535;

std::optional<unsigned> parse_number(const std::string& text, unsigned lowest, unsigned highest) {
  unsigned value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return good && value >= lowest && value <= highest ? std::optional(value) : std::nullopt;
}

std::optional<IpAddress> parse_host(const std::string& text) {
  const auto address = IpAddress::parse(text);
  return address && !address->is_ipv6() && address->is_unicast() ? address : std::nullopt;
}

std::vector<std::string> addresses(const Environment& environment, std::string_view name) {
  std::vector<std::string> result;
  for (const std::string& word : split(environment(name).value_or(""), " "))
    if (parse_host(word) && result.size() < kMostServers) result.push_back(word);
  return result;
}

std::optional<unsigned> prefix_of(const Environment& environment) {
  if (const auto prefix = parse_number(environment("mask").value_or(""), 1, 32)) return prefix;
  return prefix_of_netmask(environment("subnet").value_or(""));
}

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
  const auto address = parse_host(lease.address);
  if (!address) return fail(0, "DHCP lease for", lease.link, "no address in $ip that a host can have");
  // A server need not send a mask.
  lease.prefix = prefix_of(environment).value_or(prefix_of_class(*address));
  if (address->names_network(lease.prefix))
    return fail(0, "DHCP lease for", lease.link, lease.text() + " is the network's own address");
  lease.routers = addresses(environment, "router");
  lease.name_servers = addresses(environment, "dns");
  lease.time_servers = addresses(environment, "ntpsrv");
  lease.mtu = parse_mtu(environment("mtu").value_or(""));
  if (const auto domain = environment("domain"); domain && is_domain(*domain)) lease.domain = *domain;
  return lease;
}

std::optional<unsigned> parse_mtu(const std::string& text) { return parse_number(text, kSmallestMtu, kLargestMtu); }

bool is_link_name(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; });
}

std::string resolver_lines(const Lease& lease) {
  std::string lines = lease.domain.empty() ? "" : "search " + lease.domain + "\n";
  for (const std::string& server : lease.name_servers) lines += "nameserver " + server + "\n";
  return lines;
}

}  // namespace uebo::boot
