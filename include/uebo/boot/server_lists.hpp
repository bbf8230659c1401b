// Name servers and time servers: what each holder of an address (dhcp@eth0, ipv6@eth0, static@eth0) knows of lies in
// /run/uebo/leases/HOLDER, and the files that programs read are made of all of them, so that a link that comes or goes
// takes nothing from the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::boot {

struct ServerLists {
  std::string resolver;                   // lines of resolv.conf(5)
  std::vector<std::string> time_servers;  // addresses
  bool operator==(const ServerLists&) const = default;
};

/// Held while a holder changes address, route and servers: two may do so at the same moment.
[[nodiscard]] UniqueFd lock_server_lists();

/// Writes what the holder knows of, and the shared files. Time servers that have changed restart a running time client.
[[nodiscard]] Result<> keep_servers(const std::string& holder, const ServerLists& lists);
/// True when there was something to forget.
[[nodiscard]] Result<bool> forget_servers(const std::string& holder);

/// The order in which holders count: what people have set, then DHCP, then advertisements; then by their names.
[[nodiscard]] bool counts_before(std::string_view holder, std::string_view other);

/// resolv.conf for all of them: the resolver takes three servers and one search list, so the first ones count.
[[nodiscard]] std::string resolver_file(const std::vector<std::string>& lines_of_holders);

}  // namespace uebo::boot
