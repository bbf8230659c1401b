#include "uebo/kernel/uevent.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

using namespace std::string_view_literals;

TEST(ParseUevent, TakesHeaderAndProperties) {
  const auto uevent = parse_uevent(
      "add@/devices/pci0000:00/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0MODALIAS=usb:v0BDAp8153d3000\0EMPTY=\0"sv);
  ASSERT_TRUE(uevent);
  EXPECT_EQ(uevent->action, "add");
  EXPECT_EQ(uevent->devpath, "/devices/pci0000:00/usb1/1-1");
  EXPECT_EQ(uevent->get("SUBSYSTEM"), "usb");
  EXPECT_EQ(uevent->get("MODALIAS"), "usb:v0BDAp8153d3000");
  EXPECT_EQ(uevent->properties.count("EMPTY"), 1u);
  EXPECT_EQ(uevent->get("nothing"), "");
}

TEST(ParseUevent, WhatHasNoHeaderOfTheKernelsIsNone) {
  EXPECT_FALSE(parse_uevent(""sv));
  EXPECT_FALSE(parse_uevent("libudev\0\xfe\xed\xca\xfe"sv));
  EXPECT_FALSE(parse_uevent("@/devices"sv));
  EXPECT_FALSE(parse_uevent("\0add@/devices"sv));
}

TEST(ParseUevent, PassesOverStringsThatAreNoProperties) {
  const auto uevent = parse_uevent("add@/x\0=value\0word\0\0\0LAST=un=ended"sv);
  ASSERT_TRUE(uevent);
  EXPECT_EQ(uevent->properties.size(), 1u);
  EXPECT_EQ(uevent->get("LAST"), "un=ended");
}

/// Sends to the group that the kernel's uevents go to, as any process with CAP_NET_ADMIN can.
bool spoof(std::string_view message) {
  const UniqueFd fd(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = 1;
  // It goes to the kernel's own port as well, which refuses it: only the group counts.
  const ssize_t sent =
      sendto(fd.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&group), sizeof group);
  return sent > 0 || errno == ECONNREFUSED;
}

TEST(UeventSocket, HandsOverTheKernelsAndNobodyElses) {
  auto socket = UeventSocket::open();
  ASSERT_TRUE(socket) << socket.error().message();
  const auto nothing = socket->receive();
  ASSERT_TRUE(nothing) << nothing.error().message();

  const std::string null = "/sys/devices/virtual/mem/null/uevent";
  if (!spoof("change@/devices/virtual/mem/null\0ACTION=change\0SPOOFED=1\0"sv))
    GTEST_SKIP() << "sending to the group needs CAP_NET_ADMIN";
  if (!write_kernel_file(null, "change")) GTEST_SKIP() << "uevents can't be triggered through sysfs here";
  for (;;) {
    pollfd watch{.fd = socket->fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&watch, 1, 10'000), 1) << "the kernel's uevent did not arrive";
    const auto uevent = socket->receive();
    ASSERT_TRUE(uevent) << uevent.error().message();
    if (!*uevent || (*uevent)->devpath != "/devices/virtual/mem/null") continue;
    EXPECT_EQ((*uevent)->action, "change");
    EXPECT_EQ((*uevent)->get("SPOOFED"), "");
    EXPECT_NE((*uevent)->get("SEQNUM"), "");
    return;
  }
}

}  // namespace
}  // namespace uebo::kernel
