#include "uebo/logs/syslog_sender.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

namespace uebo::logs {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

LogLine line(const std::string& text, std::uint64_t offset = 1) {
  return {.service = "boinc", .time = LogTime(1'700'000'000s), .text = text, .end = {.inode = 7, .offset = offset}};
}

class SyslogSenders : public testing::Test {
 protected:
  Result<> send(const std::string& message) {
    if (code != 0) return fail(code, "send to", "the server");
    sent.push_back(message);
    return {};
  }
  /// Until there is nothing to do now.
  std::optional<TimePoint> pump() { return sender.pump(now, facts); }

  int code = 0;  // what sending fails with
  std::vector<std::string> sent;
  TimePoint now{1h};
  SyslogSender::Facts facts{.host = "pine-07", .time_is_known = true};
  SyslogSender sender{[this](const std::string& message) { return send(message); }};
};

TEST_F(SyslogSenders, SendsLinesWithTheirTime) {
  sender.take(line("hello"));
  EXPECT_EQ(pump(), std::nullopt);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0], "<30>1 2023-11-14T22:13:20.000Z pine-07 boinc - - - hello");
}

TEST_F(SyslogSenders, WithoutAClockTheServersOwnTimeCounts) {
  facts.time_is_known = false;
  sender.take(line("hello"));
  EXPECT_EQ(pump(), std::nullopt);
  EXPECT_EQ(sent.at(0), "<30>1 - pine-07 boinc - - - hello");
}

TEST_F(SyslogSenders, SendsNoMoreThanABurstAtOnce) {
  for (std::size_t i = 0; i < SyslogSender::kBurst + 1; ++i) sender.take(line("x"));
  const auto next = pump();
  EXPECT_EQ(sent.size(), SyslogSender::kBurst);
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, now + SyslogSender::kBetweenBursts);
  EXPECT_EQ(pump(), next) << "too early";
  now = *next;
  EXPECT_EQ(pump(), std::nullopt);
  EXPECT_EQ(sent.size(), SyslogSender::kBurst + 1);
}

TEST_F(SyslogSenders, WaitsForALostServerLongerAndLonger) {
  code = ECONNREFUSED;
  sender.take(line("hello"));
  Duration expected = SyslogSender::kFirstRetry;
  for (int i = 0; i < 10; ++i) {
    const auto next = pump();
    ASSERT_TRUE(next);
    EXPECT_EQ(*next - now, expected);
    expected = std::min<Duration>(2 * expected, SyslogSender::kLongestRetry);
    now = *next;
  }
  code = 0;
  EXPECT_EQ(pump(), std::nullopt);
  EXPECT_THAT(sent.at(0), EndsWith("hello"));
  code = ECONNREFUSED;
  sender.take(line("again"));
  EXPECT_EQ(pump(), now + SyslogSender::kFirstRetry) << "it was to be had: it begins anew";
}

TEST_F(SyslogSenders, AFullSocketIsNoLostServer) {
  code = EAGAIN;
  sender.take(line("hello"));
  EXPECT_EQ(pump(), now + SyslogSender::kBetweenBursts);
}

TEST_F(SyslogSenders, TheNewestOutlastALostServerAndTheOthersAreCounted) {
  code = EHOSTUNREACH;
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i) sender.take(line("line " + std::to_string(i) + std::string(100, '.')));
  now = pump().value_or(now);
  code = 0;
  for (auto next = std::optional(now); next; next = pump()) now = *next;
  ASSERT_GT(sent.size(), 100U);
  ASSERT_LT(sent.size(), 6000U) << "bounded";
  EXPECT_THAT(sent.front(),
              HasSubstr("syslog - - - warning: " + std::to_string(kLines - sent.size() + 1) + " lines did not get"));
  EXPECT_THAT(sent.back(), HasSubstr(" line 9999."));
}

TEST_F(SyslogSenders, KnowsHowFarItHasCome) {
  sender.take(line("one", 10));
  sender.take(line("two", 20));
  EXPECT_TRUE(sender.sent().empty());
  EXPECT_EQ(pump(), std::nullopt);
  EXPECT_EQ(sender.sent().at("boinc"), (Position{.inode = 7, .offset = 20}));
}

/// A server of the test's own on the loopback.
class Server {
 public:
  explicit Server(int family) : socket_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    address.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (family == AF_INET6) reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
    bound_ = bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
             getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  }
  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string receive() const {
    pollfd item{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    std::array<char, 2048> buffer{};
    if (poll(&item, 1, 5000) != 1) return "(nothing)";
    const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  UniqueFd socket_;
  bool bound_ = false;
  std::uint16_t port_ = 0;
};

TEST(SyslogSocket, ReachesAServerOfEitherFamily) {
  for (const auto& [family, host] : {std::pair(AF_INET, "127.0.0.1"), std::pair(AF_INET6, "::1")}) {
    const Server server(family);
    if (!server.bound()) continue;
    SyslogSocket socket({.host = host, .port = server.port()});
    ASSERT_TRUE(socket.send("hello")) << host;
    EXPECT_EQ(server.receive(), "hello");
  }
}

TEST(SyslogSocket, NoticesThatNobodyListensAndConnectsAnew) {
  auto server = std::make_unique<Server>(AF_INET);
  ASSERT_TRUE(server->bound());
  SyslogSocket socket({.host = "127.0.0.1", .port = server->port()});
  ASSERT_TRUE(socket.send("hello"));
  server.reset();
  Result<> result;
  for (int i = 0; i < 100 && result; ++i) result = socket.send("anyone?");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ECONNREFUSED);
}

TEST(SyslogSocket, NamesAServerThatIsNotKnown) {
  SyslogSocket socket({.host = "no-such-host.invalid"});
  const auto result = socket.send("hello");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("look up syslog server no-such-host.invalid"));
}

}  // namespace
}  // namespace uebo::logs
