#include "uebo/boot/link_routes.hpp"

#include <algorithm>

namespace uebo::boot {
namespace {

constexpr unsigned kFirstMetric = 100;

}  // namespace

unsigned route_metric(const std::vector<kernel::Link>& links, const std::string& link) {
  const auto found = std::ranges::find(links, link, &kernel::Link::name);
  return found == links.end() ? kFirstMetric : kFirstMetric + static_cast<unsigned>(found->index);
}

unsigned route_metric(const std::string& link) {
  return route_metric(kernel::links().value_or(std::vector<kernel::Link>()), link);
}

}  // namespace uebo::boot
