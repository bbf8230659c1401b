// The name servers and search domains that routers advertise (RFC 8106), with their lifetimes. Whoever can send an
// advertisement can send many: the newest few count.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/kernel/ipv6.hpp"

namespace uebo::boot {

class AdvertisedNames {
 public:
  void take(const kernel::DnsOption& option, TimePoint now);
  void expire(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_expiry() const;
  /// Lines of resolv.conf(5). A server of link scope is written with its link.
  [[nodiscard]] std::string resolver_lines(const std::string& link) const;

  static constexpr std::size_t most = 8;  // servers, and domains

 private:
  template <class Value>
  struct Advertised {
    Value value;
    TimePoint until;
  };
  template <class Value>
  using List = std::vector<Advertised<Value>>;

  template <class Value>
  static void put(List<Value>& list, const Value& value, std::optional<TimePoint> until);

  List<IpAddress> servers_;
  List<std::string> domains_;
};

}  // namespace uebo::boot
