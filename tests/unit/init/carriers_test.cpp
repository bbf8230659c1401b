#include "uebo/init/carriers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::init {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{100s};
const Carriers::News kGained{.link = "eth0", .change = Carriers::Change::Gained};
const Carriers::News kLost{.link = "eth0", .change = Carriers::Change::Lost};

TEST(Carriers, TheFirstOneCountsAtOnce) {
  Carriers carriers;
  EXPECT_EQ(carriers.observe("eth0", false, kStart), std::nullopt);
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  EXPECT_EQ(carriers.next_due(), std::nullopt);
}

TEST(Carriers, ALossCountsWhenItHasStood) {
  Carriers carriers;
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  EXPECT_EQ(carriers.observe("eth0", false, kStart), std::nullopt);
  EXPECT_EQ(carriers.observe("eth0", false, kStart + 1s), std::nullopt) << "other news of the link do not put it off";
  EXPECT_EQ(carriers.next_due(), kStart + Carriers::loss_counts_after);
  EXPECT_THAT(carriers.due(kStart + 2s), IsEmpty());
  EXPECT_THAT(carriers.due(kStart + 3s), ElementsAre(kLost));
  EXPECT_EQ(carriers.next_due(), std::nullopt);
}

TEST(Carriers, OneThatIsBackWithinMomentsWasNotLost) {
  Carriers carriers;
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  for (TimePoint now = kStart; now < kStart + 60s; now += 500ms) {
    EXPECT_EQ(carriers.observe("eth0", false, now), std::nullopt);
    EXPECT_THAT(carriers.due(now + 250ms), IsEmpty());
    EXPECT_EQ(carriers.observe("eth0", true, now + 250ms), std::nullopt);
  }
  EXPECT_THAT(carriers.due(kStart + 1h), IsEmpty());
}

TEST(Carriers, OneThatWasLostIsBackWhenItStays) {
  Carriers carriers;
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  EXPECT_EQ(carriers.observe("eth0", false, kStart), std::nullopt);
  EXPECT_THAT(carriers.due(kStart + 3s), ElementsAre(kLost));
  for (TimePoint now = kStart + 4s; now < kStart + 30s; now += 1s) {
    EXPECT_EQ(carriers.observe("eth0", true, now), std::nullopt);
    EXPECT_EQ(carriers.observe("eth0", false, now + 500ms), std::nullopt);
    EXPECT_THAT(carriers.due(now + 999ms), IsEmpty());
  }
  EXPECT_EQ(carriers.observe("eth0", true, kStart + 40s), std::nullopt);
  EXPECT_THAT(carriers.due(kStart + 41s), ElementsAre(kGained));
}

TEST(Carriers, ALinkThatIsGoneHasLostItsOwnAtOnce) {
  Carriers carriers;
  EXPECT_EQ(carriers.forget("eth0"), std::nullopt);
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  EXPECT_EQ(carriers.observe("eth0", false, kStart), std::nullopt);
  EXPECT_EQ(carriers.forget("eth0"), kLost);
  EXPECT_EQ(carriers.next_due(), std::nullopt);
  EXPECT_EQ(carriers.observe("eth0", true, kStart + 1s), kGained) << "another device of that name";
}

TEST(Carriers, OfEachLinkStandsForItself) {
  Carriers carriers;
  EXPECT_EQ(carriers.observe("eth0", true, kStart), kGained);
  EXPECT_TRUE(carriers.observe("eth1", true, kStart));
  EXPECT_EQ(carriers.observe("eth1", false, kStart + 1s), std::nullopt);
  EXPECT_EQ(carriers.observe("eth0", false, kStart), std::nullopt);
  EXPECT_EQ(carriers.next_due(), kStart + 3s) << "the earliest";
  EXPECT_THAT(carriers.due(kStart + 3s), ElementsAre(kLost));
  EXPECT_EQ(carriers.next_due(), kStart + 4s);
}

}  // namespace
}  // namespace uebo::init
