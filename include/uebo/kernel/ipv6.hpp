// What the kernel learns of IPv6 on a link: addresses, and the options of router advertisements that are meant for
// programs (RTNLGRP_ND_USEROPT, rtnetlink(7)). Addresses and routes the kernel sets by itself (SLAAC, RFC 4862).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "uebo/base/ip_address.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/kernel/netlink_dump.hpp"

namespace uebo::kernel {

struct Ipv6Address {
  IpAddress address;
  unsigned prefix = 0;
  bool usable = false;  // seen beyond the link, and neither gone, tentative nor taken by somebody else
  bool taken = false;   // duplicate address detection has found somebody else who has it (RFC 4862, 5.4)
};

/// Recursive name servers or search domains, RFC 8106 (RDNSS, DNSSL). No lifetime: they are not to be used any more.
struct DnsOption {
  static constexpr std::chrono::seconds forever{0xffffffff};
  std::chrono::seconds lifetime{};
  std::vector<IpAddress> servers;
  std::vector<std::string> domains;
};

struct Ipv6News {
  std::vector<Ipv6Address> addresses;
  std::vector<DnsOption> dns;
};

/// What whole messages say of the link with that index. Anything else in it, and all behind what is cut short, is
/// passed over: options come from the wire as they are.
[[nodiscard]] Ipv6News parse_ipv6_messages(std::span<const std::byte> messages, int link);

class Ipv6Monitor {
 public:
  /// Every address that is there arrives first.
  [[nodiscard]] static Result<Ipv6Monitor> open(const std::string& link);
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// What can be read now. ENOBUFS: some was lost; request_dump() and go on. An error that came behind news is told by
  /// the next call: make it where owes_error(), the socket has nothing to be polled for then.
  [[nodiscard]] Result<Ipv6News> receive();
  [[nodiscard]] bool owes_error() const { return owed_.has_value(); }
  /// All addresses arrive once more; whichever was usable and is not among them arrives as one that is not.
  [[nodiscard]] Result<> request_dump();

 private:
  Result<> take(std::span<const std::byte> messages, Ipv6News& news);
  void note(const Ipv6Address& address);
  void tell_vanished(Ipv6News& news);

  UniqueFd fd_;
  int link_ = 0;
  std::vector<Ipv6Address> usable_;
  NetlinkDump dump_;
  std::vector<IpAddress> dumped_;  // which have arrived in the dump that is under way
  std::optional<Error> owed_;
};

/// Asks for an advertisement (RFC 4861, 4.1). EADDRNOTAVAIL: the link has no address yet, and the kernel itself asks
/// when it has.
[[nodiscard]] Result<> solicit_router(const std::string& link);

}  // namespace uebo::kernel
