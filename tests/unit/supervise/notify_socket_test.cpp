// Real sockets, real credentials.
#include "uebo/supervise/notify_socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <cstring>

#include "open_descriptors.hpp"

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// As sd_notify(3) sends, with a descriptor along where one is given. False: the queue is full.
bool send_to(const std::string& address, std::string_view text, int descriptor = -1, int flags = MSG_DONTWAIT) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  address.copy(name.sun_path, address.size());
  name.sun_path[0] = '\0';
  iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr header{};
  header.msg_name = &name;
  header.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(item), &descriptor, sizeof(int));
  }
  return sendmsg(fd.get(), &header, flags | MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

class NotifySockets : public testing::Test {
 protected:
  void begin(NotifySocket::IsOurs is_ours = [](const ucred&) { return true; }) {
    ASSERT_TRUE(
        socket->begin(std::move(is_ours), [this](NotifyMessage message) { got.push_back(std::move(message)); }));
  }
  bool send(std::string_view text) const { return send_to(socket->address(), text); }
  void turn() const { ASSERT_TRUE(loop->run_once(0ms)); }
  template <class Done>
  bool until(Done done) {
    const TimePoint deadline = BootClock::now() + 10s;
    while (!done() && BootClock::now() < deadline) (void)loop->run_once(20ms);
    return done();
  }

  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  std::unique_ptr<NotifySocket> socket = NotifySocket::create(*loop, "web").value();
  std::vector<NotifyMessage> got;
};

TEST_F(NotifySockets, DeliverWhatIsSent) {
  begin();
  ASSERT_TRUE(send("READY=1\nSTATUS=up"));
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true, .status = "up"}));
}

TEST_F(NotifySockets, EachHasANameOfItsOwn) {
  const auto other = NotifySocket::create(*loop, "db").value();
  EXPECT_NE(other->address(), socket->address());
  EXPECT_EQ(socket->address().front(), '@');
}

TEST_F(NotifySockets, WhatComesEarlyWaitsUntilItIsAskedFor) {
  ASSERT_TRUE(send("READY=1"));
  socket->drain();
  turn();
  EXPECT_THAT(got, IsEmpty());
  begin();
  EXPECT_THAT(got, IsEmpty()) << "not from within";
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true}));
}

TEST_F(NotifySockets, TheKernelSaysWhoHasSent) {
  std::vector<ucred> senders;
  begin([&](const ucred& sender) {
    senders.push_back(sender);
    return false;
  });
  ASSERT_TRUE(send("READY=1"));
  turn();
  ASSERT_EQ(senders.size(), 1U);
  EXPECT_EQ(senders.front().pid, getpid());
  EXPECT_EQ(senders.front().uid, getuid());
  EXPECT_THAT(got, IsEmpty()) << "and it was not one of ours";
}

TEST_F(NotifySockets, AStrangersMessageDoesNotStandInTheWay) {
  begin([](const ucred& sender) { return sender.pid == getpid(); });
  const pid_t stranger = fork();
  if (stranger == 0) _exit(send("STOPPING=1") ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(stranger, &status, 0), stranger);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(send("READY=1"));
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true}));
}

TEST_F(NotifySockets, ManyAtOnceAreDeliveredAsOne) {
  begin();
  ASSERT_TRUE(send("READY=1"));
  ASSERT_TRUE(send("STATUS=one"));
  ASSERT_TRUE(send("X_UNKNOWN=1"));
  ASSERT_TRUE(send("STATUS=two\nWATCHDOG=1"));
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true, .watchdog = true, .status = "two"}));
}

TEST_F(NotifySockets, WhatSaysNothingIsNotDelivered) {
  begin();
  ASSERT_TRUE(send("X_UNKNOWN=1"));
  ASSERT_TRUE(send("READY=maybe"));
  ASSERT_TRUE(send(""));
  turn();
  EXPECT_THAT(got, IsEmpty());
}

TEST_F(NotifySockets, WhatIsTooLongIsDroppedWhole) {
  begin();
  ASSERT_TRUE(send("READY=1\n" + std::string(kLongestNotifyMessage, 'x')));
  ASSERT_TRUE(send("STATUS=next"));
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.status = "next"}));
}

TEST_F(NotifySockets, DescriptorsThatAreSentAlongAreNotKept) {
  begin();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ASSERT_TRUE(send("STATUS=before"));
  ASSERT_TRUE(send_to(socket->address(), "BARRIER=1", write_end.get()));
  write_end.reset();
  pollfd barrier{.fd = read_end.get(), .events = 0, .revents = 0};
  EXPECT_EQ(poll(&barrier, 1, 0), 0) << "held in the queue";
  const std::size_t before = open_descriptors();
  turn();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(poll(&barrier, 1, 0), 1) << "sd_notify_barrier(3) comes back when nobody has the descriptor any more";
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.status = "before"}));
}

TEST_F(NotifySockets, WhoeverIsToldMayEndTheRun) {
  ASSERT_TRUE(socket->begin([](const ucred&) { return true; },
                            [this](NotifyMessage message) {
                              got.push_back(std::move(message));
                              socket.reset();
                            }));
  ASSERT_TRUE(send("READY=1"));
  turn();
  turn();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true}));
}

TEST_F(NotifySockets, LastWordsAreHeardWithoutALoop) {
  begin();
  ASSERT_TRUE(send("STATUS=good bye"));
  socket->drain();
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.status = "good bye"}));
}

TEST_F(NotifySockets, AFloodCostsAFewEventsASecond) {
  begin();
  const TimePoint start = BootClock::now();
  unsigned sent = 0;
  for (int i = 0; i < 500; ++i) {
    sent += send("STATUS=again") ? 1 : 0;
    turn();
  }
  const auto periods = static_cast<std::size_t>((BootClock::now() - start) / 20ms);
  EXPECT_GT(sent, 10U);
  EXPECT_LE(got.size(), periods + 1);
  EXPECT_FALSE(got.empty());
}

TEST_F(NotifySockets, AFloodStarvesNobody) {
  begin();
  bool heard = false;
  const auto quiet = NotifySocket::create(*loop, "quiet").value();
  ASSERT_TRUE(quiet->begin([](const ucred&) { return true; }, [&](const NotifyMessage&) { heard = true; }));
  while (send("STATUS=again")) continue;  // its queue is full
  ASSERT_TRUE(send_to(quiet->address(), "READY=1")) << "and nobody else's";
  turn();
  EXPECT_TRUE(heard);
}

TEST_F(NotifySockets, WhatComesDuringARestIsDeliveredAfterIt) {
  begin();
  ASSERT_TRUE(send("READY=1"));
  turn();
  ASSERT_TRUE(send("STOPPING=1"));
  turn();
  EXPECT_TRUE(until([this] { return got.size() == 2; }));
  EXPECT_THAT(got, ElementsAre(NotifyMessage{.ready = true}, NotifyMessage{.stopping = true}));
}

}  // namespace
}  // namespace uebo::supervise
