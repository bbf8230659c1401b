// The monitor on links of a network namespace of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>

#include "in_namespaces.hpp"
#include "links.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::kernel {
namespace {

using test::find;
using test::in_namespaces;
using test::make_veth;
using testing::ElementsAre;

std::vector<Link> next_changes(LinkMonitor& monitor) {
  pollfd watch{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&watch, 1, 10'000), 1) << "no message from the kernel";
  const auto changes = monitor.receive();
  EXPECT_TRUE(changes) << changes.error().message();
  return changes.value_or(std::vector<Link>());
}

TEST(LinkMonitor, ShowsWhatIsThereFirstThenEachChange) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    auto monitor = LinkMonitor::open();
    ASSERT_TRUE(monitor) << monitor.error().message();
    const auto first = next_changes(*monitor);
    EXPECT_NE(find(first, "lo"), nullptr);
    EXPECT_NE(find(first, "eth7"), nullptr);
    const auto none = monitor->receive();
    ASSERT_TRUE(none) << "it must not block: " << none.error().message();
    EXPECT_TRUE(none->empty());

    ASSERT_TRUE(set_link_up("eth7"));
    ASSERT_TRUE(set_link_up("eth8"));
    for (bool carrier = false; !carrier && !testing::Test::HasFailure();)
      for (const Link& link : next_changes(*monitor)) carrier = carrier || (link.name == "eth7" && link.carrier);

    ASSERT_EQ(system("PATH=/usr/sbin:/sbin:$PATH ip link delete eth7"), 0);
    for (bool removed = false; !removed && !testing::Test::HasFailure();)
      for (const Link& link : next_changes(*monitor)) removed = removed || (link.name == "eth7" && link.removed);
  });
}

/// More news than the receive buffer takes: `commands` of a shell come last, so that theirs are lost.
void lose_news_of(const LinkMonitor& monitor, const std::string& commands) {
  constexpr int small = 1;
  setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  ASSERT_EQ(system(("PATH=/usr/sbin:/sbin:$PATH; for i in 1 2 3 4 5 6 7 8; do ip link set eth7 up; "
                    "ip link set eth7 down; done; " +
                    commands)
                       .c_str()),
            0);
  constexpr int large = 1 << 20;
  setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
}

/// As PID 1 reads: a dump is asked for as soon as a loss is told of, whatever is queued.
std::vector<Link> read_through_loss(LinkMonitor& monitor) {
  std::vector<Link> all;
  int losses = 0;
  pollfd watch{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
  for (int turn = 0; turn < 1000 && (monitor.owes_error() || poll(&watch, 1, 0) == 1); ++turn) {
    const auto changes = monitor.receive();
    if (changes) {
      all.insert(all.end(), changes->begin(), changes->end());
    } else {
      EXPECT_EQ(changes.error().code, ENOBUFS);
      EXPECT_TRUE(monitor.request_dump());
      ++losses;
    }
  }
  EXPECT_EQ(losses, 1);
  EXPECT_EQ(poll(&watch, 1, 0), 0) << "it never becomes quiet";
  return all;
}

TEST(LinkMonitor, LossIsReportedBehindWhatWasQueuedAndADumpMakesUpForIt) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    auto monitor = LinkMonitor::open();
    ASSERT_TRUE(monitor);
    next_changes(*monitor);
    lose_news_of(*monitor, "ip link set eth8 up");
    const auto queued = monitor->receive();
    ASSERT_TRUE(queued) << "what has been read counts as told, so it must not be dropped";
    EXPECT_NE(find(*queued, "eth7"), nullptr);
    EXPECT_TRUE(monitor->owes_error());
    const auto after = read_through_loss(*monitor);
    ASSERT_NE(find(after, "eth8"), nullptr);
    EXPECT_TRUE(find(after, "eth8")->up);
    EXPECT_FALSE(find(after, "lo")->removed);
  });
}

TEST(LinkMonitor, LinkThatVanishedAmongWhatWasLostIsTold) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    auto monitor = LinkMonitor::open();
    ASSERT_TRUE(monitor);
    next_changes(*monitor);
    lose_news_of(*monitor, "ip link delete eth7");
    const auto after = read_through_loss(*monitor);
    const auto of_it =
        std::ranges::find_if(after, [](const Link& link) { return link.name == "eth7" && link.removed; });
    ASSERT_NE(of_it, after.end()) << "news that were queued before the dump are no part of it";
    EXPECT_FALSE(of_it->carrier);
    ASSERT_TRUE(find(after, "lo"));
    EXPECT_FALSE(find(after, "lo")->removed);
  });
}

TEST(LinkMonitor, LinkThatWasReplacedByOneOfItsNameIsRemovedFirst) {
  in_namespaces(CLONE_NEWNET, [] {
    make_veth();
    auto monitor = LinkMonitor::open();
    ASSERT_TRUE(monitor);
    const auto before = next_changes(*monitor);
    lose_news_of(*monitor, "ip link delete eth7; ip link add eth7 type veth peer name eth9");
    const auto after = read_through_loss(*monitor);
    std::vector<std::pair<bool, bool>> told;  // removed, the former index
    for (const Link& link : after)
      if (link.name == "eth7") told.emplace_back(link.removed, link.index == find(before, "eth7")->index);
    while (told.size() > 1 && told.front() == std::pair(false, true)) told.erase(told.begin());  // what was queued
    EXPECT_THAT(told, ElementsAre(std::pair(true, true), std::pair(false, false)));
  });
}

}  // namespace
}  // namespace uebo::kernel
