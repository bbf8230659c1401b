#include "uebo/boot/duplicate_check.hpp"

#include <algorithm>

namespace uebo::boot {

DuplicateCheck::Finding DuplicateCheck::see(const kernel::Ipv6Address& address) {
  const auto own = std::ranges::find(open_, address.address);
  if (own == open_.end() || (!address.usable && !address.taken)) return Finding::None;
  open_.erase(own);
  return address.taken ? Finding::Taken : Finding::Usable;
}

}  // namespace uebo::boot
