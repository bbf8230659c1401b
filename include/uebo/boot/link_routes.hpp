// Which link is used when several lead out.
#pragma once

#include <string>
#include <vector>

#include "uebo/kernel/link.hpp"

namespace uebo::boot {

/// The metric of default routes through a link: the link that the kernel found first has the lowest, whichever came up
/// first, so that it is the same one at each boot. The next one takes over where it has no carrier.
[[nodiscard]] unsigned route_metric(const std::vector<kernel::Link>& links, const std::string& link);
/// The same among the links that are there now.
[[nodiscard]] unsigned route_metric(const std::string& link);

}  // namespace uebo::boot
