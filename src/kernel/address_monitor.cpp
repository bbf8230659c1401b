#include "uebo/kernel/address_monitor.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "netlink.hpp"
#include "uebo/base/ip_address.hpp"

namespace uebo::kernel {
namespace {

using Addresses = std::unique_ptr<ifaddrs, decltype([](ifaddrs* list) { freeifaddrs(list); })>;

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (!address) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto& ipv4 = *reinterpret_cast<const sockaddr_in*>(address);
    return IpAddress::from_bytes(std::as_bytes(std::span(&ipv4.sin_addr, 1)));
  }
  if (address->sa_family == AF_INET6) {
    const auto& ipv6 = *reinterpret_cast<const sockaddr_in6*>(address);
    return IpAddress::from_bytes(std::as_bytes(std::span(&ipv6.sin6_addr, 1)));
  }
  return std::nullopt;
}

Result<std::set<std::string>> all_addresses() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return errno_error("list", "addresses");
  const Addresses list(found);
  std::set<std::string> result;
  for (const ifaddrs* entry = list.get(); entry; entry = entry->ifa_next)
    if (const auto address = address_of(entry->ifa_addr))
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
