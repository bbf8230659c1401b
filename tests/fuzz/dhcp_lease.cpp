// What udhcpc hands to its script: "name=value" lines here. A DHCP server is anybody on the wire.
#include <map>

#include "target.hpp"
#include "uebo/base/ip_address.hpp"
#include "uebo/boot/lease.hpp"
#include "uebo/boot/server_lists.hpp"
#include "uebo/boot/text.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(dhcp_lease) {
  std::map<std::string, std::string, std::less<>> variables;
  for (const std::string& line : boot::split(fuzz::text_of(input), "\n"))
    if (const auto equals = line.find('='); equals != std::string::npos)
      variables[line.substr(0, equals)] = line.substr(equals + 1);
  const auto lease = boot::parse_lease([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
  if (!lease) return;
  const auto address = IpAddress::parse(lease->address);
  fuzz::require(address && address->is_unicast() && lease->prefix <= address->longest_prefix());
  fuzz::require(boot::is_link_name(lease->link));
  for (const auto* list : {&lease->routers, &lease->name_servers, &lease->time_servers})
    for (const std::string& server : *list) fuzz::require(IpAddress::parse(server).has_value());
  for (const std::string& line : boot::split(boot::resolver_lines(*lease), "\n"))
    fuzz::require(line.starts_with("nameserver ") || line.starts_with("search "));
  (void)boot::resolver_file({boot::resolver_lines(*lease)});
}
