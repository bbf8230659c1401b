#include "uebo/boot/server_lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace uebo::boot {
namespace {

TEST(ServerLists, ResolverTakesThreeServersAndOneSearchListOfAllHolders) {
  EXPECT_EQ(resolver_file({"search lan\nnameserver 10.0.2.3\nnameserver 10.0.2.4\n",
                           "search other\nnameserver 10.0.2.3\nnameserver 1.1.1.1\n", "nameserver 9.9.9.9\n"}),
            "search lan\nnameserver 10.0.2.3\nnameserver 10.0.2.4\nnameserver 1.1.1.1\n");
  EXPECT_EQ(resolver_file({}), "");
}

TEST(ServerLists, WhatPeopleHaveSetCountsBeforeDhcpAndDhcpBeforeAdvertisements) {
  std::vector<std::string> holders{"ipv6@eth0", "other", "dhcp@eth1", "static@eth1", "dhcp@eth0", "ipv6@eth1"};
  std::ranges::sort(holders, counts_before);
  EXPECT_THAT(holders,
              testing::ElementsAre("static@eth1", "dhcp@eth0", "dhcp@eth1", "ipv6@eth0", "ipv6@eth1", "other"));
}

}  // namespace
}  // namespace uebo::boot
