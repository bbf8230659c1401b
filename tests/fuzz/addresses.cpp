// The values that name hosts, ports, networks, durations and sizes.
#include "target.hpp"
#include "uebo/base/ip_address.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/config/consul_endpoint.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/network_setting.hpp"
#include "uebo/config/nfs_export.hpp"
#include "uebo/config/units.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(addresses) {
  const auto text = fuzz::text_of(input);
  if (const auto address = IpAddress::parse(text)) {
    fuzz::require(IpAddress::parse(address->text()) == *address);
    fuzz::require(!address->is_ipv6() || !address->is_unicast() || text.find(':') != std::string_view::npos);
  }
  if (const auto prefix = prefix_of_netmask(text)) fuzz::require(*prefix <= 32);
  if (const auto endpoint = config::parse_consul_endpoint(text)) {
    fuzz::require(config::is_host(endpoint->host) && endpoint->port > 0);
    fuzz::require(config::parse_consul_endpoint(endpoint->url()) == *endpoint);
  }
  if (const auto nfs = config::parse_nfs_export(text))
    fuzz::require(config::is_host(nfs->server) && nfs->path.starts_with('/') && !nfs->versions.empty());
  if (const auto setting = config::parse_network_setting(text); !setting) fuzz::require(!setting.error().empty());
  if (const auto vlan = config::vlan_of(text)) fuzz::require(vlan->id >= 1 && vlan->id <= 4094);
  if (const auto duration = config::parse_duration(text)) fuzz::require(duration->count() >= 0);
  (void)config::parse_size(text);
  if (const auto date = boot::parse_last_date(text))
    fuzz::require(boot::parse_last_date(boot::format_last_date(*date)) == date);
}
