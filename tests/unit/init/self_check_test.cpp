#include "uebo/init/self_check.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "../control/test_node.hpp"
#include "uebo/base/socket_address.hpp"
#include "uebo/control/server.hpp"

namespace uebo::init {
namespace {

using namespace std::chrono_literals;

class SelfChecks : public testing::Test {
 protected:
  void serve(control::ServerLimits limits = {}) {
    server = control::Server::create(*node.loop, node.supervisor, node.context(), path, limits).value();
  }
  bool is_answered(Duration limit) {
    bool answered = false;
    if (!check.begin([&] { answered = true; })) return false;
    const TimePoint deadline = BootClock::now() + limit;
    while (!answered && BootClock::now() < deadline) EXPECT_TRUE(node.loop->run_once(10ms));
    check.give_up();
    return answered;
  }

  control::test::TestNode node;
  std::string path = node.tree.path("control");
  std::unique_ptr<control::Server> server;
  SelfCheck check{*node.loop, path};
};

TEST_F(SelfChecks, GoRoundThroughTheControlSocketInOneLoop) {
  serve();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is_answered(10s)) << i;
}

TEST_F(SelfChecks, AreAnsweredWhereAllPlacesAreTaken) {
  serve({.clients = 0});
  EXPECT_TRUE(is_answered(10s)) << "who is turned away has been heard: clients must not be able to starve the watchdog";
}

TEST_F(SelfChecks, FailWhereNobodyListens) {
  const auto begun = check.begin([] { ADD_FAILURE() << "an answer of nobody"; });
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ENOENT);
}

TEST_F(SelfChecks, AreNotAnsweredBySocketsThatOnlyListen) {
  const UniqueFd mute(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = unix_address(path).value();
  ASSERT_EQ(bind(mute.get(), address.get(), address.size), 0);
  ASSERT_EQ(listen(mute.get(), 4), 0);
  EXPECT_FALSE(is_answered(100ms)) << "a connection is no answer";
}

TEST_F(SelfChecks, ANewOneEndsTheOneBefore) {
  serve();
  ASSERT_TRUE(check.begin([] { ADD_FAILURE() << "that was given up"; }));
  EXPECT_TRUE(is_answered(10s));
}

TEST_F(SelfChecks, LeaveNothingBehind) {
  serve();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(check.begin([] {}));
    ASSERT_TRUE(node.loop->run_once(0ms));  // who waits to be accepted has a bounded place
  }
  EXPECT_TRUE(is_answered(10s));
  const TimePoint deadline = BootClock::now() + 10s;
  while (server->clients() > 0 && BootClock::now() < deadline) ASSERT_TRUE(node.loop->run_once(10ms));
  EXPECT_EQ(server->clients(), 0u);
}

}  // namespace
}  // namespace uebo::init
