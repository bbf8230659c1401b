// rtnetlink(7) messages: links, IPv6 addresses and what routers advertise, which stands in them as it came off the
// wire.
#include "../../src/kernel/netlink.hpp"

#include <linux/netlink.h>
#include <net/if.h>

#include "target.hpp"
#include "uebo/kernel/ipv6.hpp"
#include "uebo/kernel/link.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(netlink) {
  for (const auto& link : kernel::parse_link_messages(input)) {
    fuzz::require(!link.name.empty() && link.name.size() < IFNAMSIZ && link.index > 0);
    fuzz::require(link.mac.empty() || link.mac.size() == 17);
  }
  const auto news = kernel::parse_ipv6_messages(input, 2);
  for (const auto& address : news.addresses) fuzz::require(address.address.is_ipv6() && address.prefix <= 255);
  for (const auto& option : news.dns)
    for (const auto& domain : option.domains) fuzz::require(!domain.empty() && domain.size() <= 255);
  (void)kernel::netlink::failure_in(input);
  kernel::NetlinkDump dump;
  (void)dump.begin();
  auto rest = input;
  while (const auto message = kernel::netlink::next_message(rest))
    (void)dump.place_of(message->header, message->payload);
}
