#include "uebo/kernel/netlink_dump.hpp"

#include <gtest/gtest.h>

#include "../../../src/kernel/netlink.hpp"

namespace uebo::kernel {
namespace {

using Place = NetlinkDump::Place;

Place place(NetlinkDump& dump, std::uint16_t type, std::uint16_t flags, std::uint32_t number, int code = 0) {
  const netlink::Request message(type, flags, code, number);
  netlink::Bytes rest = message.bytes();
  const auto read = netlink::next_message(rest).value();
  return dump.place_of(read.header, read.payload);
}

TEST(NetlinkDump, NewsCountFromItsFirstMessageOnUntilItEnds) {
  NetlinkDump dump;
  EXPECT_EQ(place(dump, RTM_NEWLINK, 0, 0), Place::Outside) << "none was asked for";
  const auto number = dump.begin();
  EXPECT_EQ(place(dump, RTM_NEWLINK, 0, number), Place::Outside) << "queued before it, with the number of who did it";
  EXPECT_EQ(place(dump, RTM_NEWLINK, NLM_F_MULTI, number), Place::Within);
  EXPECT_EQ(place(dump, RTM_NEWLINK, 0, 0), Place::Within) << "it came meanwhile";
  EXPECT_EQ(place(dump, NLMSG_DONE, NLM_F_MULTI, number), Place::End);
  EXPECT_EQ(place(dump, RTM_NEWLINK, 0, 0), Place::Outside);
}

TEST(NetlinkDump, AnEarlierOneIsNotTheLatest) {
  NetlinkDump dump;
  const auto first = dump.begin();
  const auto second = dump.begin();
  EXPECT_NE(first, second);
  EXPECT_EQ(place(dump, RTM_NEWLINK, NLM_F_MULTI, first), Place::Outside);
  EXPECT_EQ(place(dump, NLMSG_DONE, NLM_F_MULTI, first), Place::Outside) << "it had ended before the second began";
  EXPECT_EQ(place(dump, NLMSG_DONE, NLM_F_MULTI, second), Place::End);
}

TEST(NetlinkDump, OneThatIsRefusedForAnotherIsToBeAskedForOnceMore) {
  NetlinkDump dump;
  const auto first = dump.begin();
  const auto second = dump.begin();
  EXPECT_EQ(place(dump, NLMSG_ERROR, 0, second, -EBUSY), Place::Outside);
  EXPECT_EQ(place(dump, NLMSG_DONE, NLM_F_MULTI, first), Place::EndOfAnother);
}

}  // namespace
}  // namespace uebo::kernel
