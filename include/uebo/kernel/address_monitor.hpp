// Whether the node's addresses are still what they were.
#pragma once

#include <set>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

/// Follows addresses of both families (RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR of rtnetlink(7)).
class AddressMonitor {
 public:
  [[nodiscard]] static Result<AddressMonitor> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Takes what can be read. True: one has come or gone since the last call. A router that only renews the lifetime of
  /// one changes nothing.
  [[nodiscard]] Result<bool> changed();

 private:
  UniqueFd fd_;
  std::set<std::string> addresses_;  // "eth0 10.0.2.15"
};

}  // namespace uebo::kernel
