#include "uebo/consul/node_id.hpp"

#include <gtest/gtest.h>

namespace uebo::consul {
namespace {

// Made by another implementation: python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID(NAMESPACE), MAC))'.
TEST(NodeId, IsTheNameBasedUuidOfTheMac) {
  EXPECT_EQ(node_id("52:54:00:12:34:56"), "b7a3ffc3-f612-5cce-92e3-fa1e42d33d53");
  EXPECT_EQ(node_id("02:00:00:00:00:01"), "17116e2d-0157-55b1-838e-142e55b94f8f");
}

TEST(NodeId, DoesNotDependOnTheCaseOfTheMac) { EXPECT_EQ(node_id("AA:BB:CC:DD:EE:FF"), node_id("aa:bb:cc:dd:ee:ff")); }

TEST(NodeId, IsNoneWithoutAMac) { EXPECT_EQ(node_id(""), ""); }

}  // namespace
}  // namespace uebo::consul
