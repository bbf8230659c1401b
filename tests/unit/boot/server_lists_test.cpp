#include "uebo/boot/server_lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "../kernel/in_namespaces.hpp"
#include "uebo/boot/paths.hpp"

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

/// The files are where they are on a board, so they get file systems of the test's own. Nobody is PID 1 there.
void on_a_board(const std::function<void()>& body) {
  kernel::test::in_namespaces(CLONE_NEWNS, [&] {
    for (const char* place : {"/run", "/etc"})
      if (mount("tmpfs", place, "tmpfs", 0, nullptr) != 0) kernel::test::skip("no tmpfs can be mounted here");
    body();
  });
}

TEST(ServerLists, TimeClientThatCouldNotBeRestartedIsTriedAgain) {
  on_a_board([] {
    const ServerLists lists{.resolver = "nameserver 10.0.2.3\n", .time_servers = {"10.0.2.4"}};
    EXPECT_FALSE(keep_servers("dhcp@eth0", lists));
    EXPECT_FALSE(keep_servers("dhcp@eth0", lists)) << "ntpd still has its old servers";
    EXPECT_EQ(access(kNtpServersFile, F_OK), -1);
  });
}

TEST(ServerLists, WhatCouldNotBeForgottenIsAnError) {
  on_a_board([] {
    EXPECT_FALSE(forget_servers("dhcp@eth0").value_or(true)) << "there was nothing";
    ASSERT_TRUE(keep_servers("dhcp@eth0", {.resolver = "nameserver 10.0.2.3\n", .time_servers = {}}));
    ASSERT_EQ(mount("none", "/run", nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const auto forgotten = forget_servers("dhcp@eth0");
    ASSERT_FALSE(forgotten);
    EXPECT_EQ(forgotten.error().code, EROFS);
  });
}

}  // namespace
}  // namespace uebo::boot
