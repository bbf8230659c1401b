// The monitor on links of a network namespace of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <map>

#include "in_namespaces.hpp"
#include "uebo/kernel/ipv6.hpp"

namespace uebo::kernel {
namespace {

using test::in_namespaces;
using testing::UnorderedElementsAre;

bool run(const std::string& commands) {
  return system(("PATH=/usr/sbin:/sbin:$PATH; set -e; " + commands).c_str()) == 0;
}

void make_links() {
  if (!run("ip link add eth7 type veth peer name eth8; ip link set eth7 up; ip link set eth8 up"))
    test::skip("no veth here, or ip of iproute2 is missing");
}

/// Until nothing more comes: what became of the addresses whose text begins with fd, by the last word on each.
std::map<std::string, bool> read_all(Ipv6Monitor& monitor) {
  std::map<std::string, bool> usable;
  pollfd watch{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
  for (int turn = 0; turn < 1000 && (monitor.owes_error() || poll(&watch, 1, 0) == 1); ++turn) {
    const auto news = monitor.receive();
    if (!news) {
      EXPECT_TRUE(monitor.request_dump());
      continue;
    }
    for (const auto& address : news->addresses)
      if (const auto text = address.address.text(); text.starts_with("fd")) usable[text] = address.usable;
  }
  return usable;
}

TEST(Ipv6Monitor, AddressThatVanishedAmongWhatWasLostIsToldAndOthersStay) {
  in_namespaces(CLONE_NEWNET, [] {
    make_links();
    // The kernel tells of new addresses when it comes to it, of those that go at once.
    ASSERT_TRUE(
        run("for i in 1 2; do ip addr add fd00::$i/64 dev eth7 nodad; done; "
            "for i in 3 4 5 6 7 8 9 a b c d e f; do ip addr add fd00::$i/64 dev eth8 nodad; done; "
            "for turn in $(seq 100); do ip -6 addr show tentative | grep -q fd00: || break; sleep 0.1; done"));
    auto monitor = Ipv6Monitor::open("eth7");
    ASSERT_TRUE(monitor) << monitor.error().message();
    using Usable = std::pair<const std::string, bool>;
    EXPECT_THAT(read_all(*monitor), UnorderedElementsAre(Usable("fd00::1", true), Usable("fd00::2", true)));
    constexpr int small = 1;
    setsockopt(monitor->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ASSERT_TRUE(
        run("for i in 3 4 5 6 7 8 9 a b c d e f; do ip addr del fd00::$i/64 dev eth8; done; "
            "ip addr del fd00::1/64 dev eth7"));
    EXPECT_THAT(read_all(*monitor), UnorderedElementsAre(Usable("fd00::1", false), Usable("fd00::2", true)));
  });
}

TEST(Ipv6Monitor, TellsThatSomebodyElseHasAnAddress) {
  in_namespaces(CLONE_NEWNET, [] {
    make_links();
    ASSERT_TRUE(run("ip addr add fd00::5/64 dev eth8 nodad; ip addr add fd00::5/64 dev eth7"));
    auto monitor = Ipv6Monitor::open("eth7");
    ASSERT_TRUE(monitor) << monitor.error().message();
    const auto wanted = IpAddress::parse("fd00::5").value();
    pollfd watch{.fd = monitor->fd(), .events = POLLIN, .revents = 0};
    bool taken = false;
    while (!taken) {
      ASSERT_EQ(poll(&watch, 1, 10'000), 1) << "the kernel finds no duplicate";
      const auto news = monitor->receive();
      ASSERT_TRUE(news) << news.error().message();
      for (const auto& address : news->addresses) {
        if (address.address != wanted) continue;
        EXPECT_FALSE(address.usable);
        taken = taken || address.taken;
      }
    }
  });
}

}  // namespace
}  // namespace uebo::kernel
