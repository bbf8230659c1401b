#include "uebo/kernel/address_monitor.hpp"

#include <ifaddrs.h>

#include <array>
#include <memory>
#include <utility>

#include "netlink.hpp"
#include "uebo/base/socket_address.hpp"

namespace uebo::kernel {
namespace {

using Addresses = std::unique_ptr<ifaddrs, decltype([](ifaddrs* list) { freeifaddrs(list); })>;

Result<std::set<std::string>> all_addresses() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return errno_error("list", "addresses");
  const Addresses list(found);
  std::set<std::string> result;
  for (const ifaddrs* entry = list.get(); entry; entry = entry->ifa_next)
    if (const auto address = ip_address_of(entry->ifa_addr))
      result.insert(std::string(entry->ifa_name) + " " + address->text());
  return result;
}

}  // namespace

Result<AddressMonitor> AddressMonitor::open() {
  AddressMonitor monitor;
  monitor.fd_ = UEBO_TRY(netlink::open_socket(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK));
  monitor.addresses_ = UEBO_TRY(all_addresses());
  return monitor;
}

Result<bool> AddressMonitor::changed() {
  std::array<std::byte, netlink::datagram_size> buffer{};
  // What the messages say does not matter, nor does it that some were lost.
  for (;;) {
    const auto received = netlink::receive(fd_.get(), buffer);
    if (!received && received.error().code != ENOBUFS) break;
  }
  auto now = UEBO_TRY(all_addresses());
  return std::exchange(addresses_, now) != now;
}

}  // namespace uebo::kernel
