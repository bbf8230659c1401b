// What becomes of the IPv6 addresses that a link is given: an address can be used once duplicate address detection has
// found nobody else who has it (RFC 4862, 5.4).
#pragma once

#include <vector>

#include "uebo/kernel/ipv6.hpp"

namespace uebo::boot {

class DuplicateCheck {
 public:
  explicit DuplicateCheck(std::vector<IpAddress> own) : open_(std::move(own)) {}

  enum class Finding { None, Usable, Taken };
  /// Usable and Taken are told once of each of its own addresses.
  [[nodiscard]] Finding see(const kernel::Ipv6Address& address);
  /// Those of which nothing has been told yet.
  [[nodiscard]] const std::vector<IpAddress>& open() const { return open_; }

 private:
  std::vector<IpAddress> open_;
};

}  // namespace uebo::boot
