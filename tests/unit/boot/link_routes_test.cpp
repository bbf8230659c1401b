#include "uebo/boot/link_routes.hpp"

#include <gtest/gtest.h>

namespace uebo::boot {
namespace {

kernel::Link link(int index, const std::string& name) {
  kernel::Link result;
  result.index = index;
  result.name = name;
  return result;
}

TEST(RouteMetric, IsLowestForTheLinkThatTheKernelFoundFirst) {
  const std::vector<kernel::Link> links{link(1, "lo"), link(3, "eth1"), link(2, "eth0"), link(4, "eth0.5")};
  EXPECT_LT(route_metric(links, "eth0"), route_metric(links, "eth1"));
  EXPECT_LT(route_metric(links, "eth1"), route_metric(links, "eth0.5"));
  EXPECT_EQ(route_metric(links, "eth0"), 102U) << "whatever is up or down";
}

TEST(RouteMetric, IsTheLowestForALinkThatIsNotThere) { EXPECT_EQ(route_metric({}, "eth9"), 100U); }

}  // namespace
}  // namespace uebo::boot
