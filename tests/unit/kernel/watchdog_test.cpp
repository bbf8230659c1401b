#include "uebo/kernel/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_watchdog.hpp"
#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Watchdog start(test::FakeDevice& device, std::chrono::seconds timeout = 30s) {
  return Watchdog::start(std::make_unique<test::FakeWatchdog>(device), timeout);
}

TEST(Watchdog, HasTheTimeoutThatItIsGiven) {
  test::FakeDevice device;
  EXPECT_EQ(start(device).facts().timeout, 30s);
  EXPECT_EQ(device.timeout, 30);
}

TEST(Watchdog, KeepsItsOwnTimeoutWhereItRefusesTheOther) {
  test::FakeDevice device{.timeout = 16, .longest = 16};
  EXPECT_EQ(start(device).facts().timeout, 16s);
}

TEST(Watchdog, IsTakenToBeQuickWhereItCannotTellItsTimeout) {
  test::FakeDevice device{.has_timeout = false};
  EXPECT_EQ(start(device).facts().timeout, 5s);
}

TEST(Watchdog, TellsWhyTheBoardBooted) {
  test::FakeDevice usual;
  EXPECT_EQ(start(usual).facts().boot_cause, "");
  EXPECT_FALSE(start(usual).facts().ended_last_boot);
  test::FakeDevice starved{.boot_status = WDIOF_CARDRESET};
  EXPECT_EQ(start(starved).facts().boot_cause, "a reset by the watchdog");
  EXPECT_TRUE(start(starved).facts().ended_last_boot);
  test::FakeDevice hot{.boot_status = WDIOF_OVERHEAT | WDIOF_POWERUNDER};
  EXPECT_EQ(start(hot).facts().boot_cause, "a reset because the CPU was too hot, too little voltage");
  EXPECT_FALSE(start(hot).facts().ended_last_boot);
}

TEST(Watchdog, IsStoppedByOptionAndByMagicCloseAlike) {
  test::FakeDevice device;
  EXPECT_TRUE(start(device).disarm());
  EXPECT_THAT(device.done, ElementsAre("arm", "disable", "V", "close"));
  test::FakeDevice old{.knows_disable = false};
  EXPECT_TRUE(start(old).disarm());
  EXPECT_THAT(old.done, ElementsAre("arm", "V", "close"));
}

TEST(Watchdog, ThatHasNoWayOutSaysSo) {
  test::FakeDevice device{.no_way_out = true};
  auto watchdog = start(device);
  EXPECT_TRUE(watchdog.facts().no_way_out);
  const auto disarmed = watchdog.disarm();
  ASSERT_FALSE(disarmed);
  EXPECT_THAT(disarmed.error().message(), HasSubstr("nowayout"));
}

TEST(Watchdog, OneThatIsGoneStaysArmed) {
  test::FakeDevice device;
  {
    const auto watchdog = start(device);
  }
  EXPECT_THAT(device.done, ElementsAre("arm"));
}

TEST(Watchdog, AFeedThatFailsNamesIt) {
  test::FakeDevice device{.feed_error = EIO};
  const auto fed = start(device).feed();
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message(), "feed a fake: Input/output error");
}

TEST(OpenWatchdog, NoDeviceIsAnErrorOfItsOwn) {
  const test::TestTree tree;
  const auto none = open_watchdog(tree.path("watchdog0"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ENOENT);
}

TEST(OpenWatchdog, ReadsFromSysfsWhetherItCanBeStopped) {
  const test::TestTree tree;
  const std::string device = tree.write("dev/watchdog0");
  EXPECT_FALSE((*open_watchdog(device, tree.path()))->no_way_out());
  tree.write("class/watchdog/watchdog0/nowayout", "0\n");
  EXPECT_FALSE((*open_watchdog(device, tree.path()))->no_way_out());
  tree.write("class/watchdog/watchdog0/nowayout", "1\n");
  EXPECT_TRUE((*open_watchdog(device, tree.path()))->no_way_out());
}

}  // namespace
}  // namespace uebo::kernel
