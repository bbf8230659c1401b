// A pair of links for the network namespace of a test.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "in_namespaces.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel::test {

/// Makes eth7 and its other end eth8, both down, each with a MAC address of its own.
inline void make_veth() {
  if (system("PATH=/usr/sbin:/sbin:$PATH ip link add eth7 address 52:54:00:00:00:07 type veth peer name eth8 "
             "address 52:54:00:00:00:08") != 0)
    skip("no veth here, or ip of iproute2 is missing");
}

inline const Link* find(const std::vector<Link>& links, const std::string& name) {
  const auto found = std::ranges::find(links, name, &Link::name);
  return found == links.end() ? nullptr : &*found;
}

}  // namespace uebo::kernel::test
