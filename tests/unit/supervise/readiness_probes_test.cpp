// Readiness by a descriptor and by connections, with real pipes and real listeners.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "uebo/supervise/connect_probe.hpp"
#include "uebo/supervise/readiness_descriptor.hpp"

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;

class Probes : public testing::Test {
 protected:
  template <class Done>
  bool until(Done done, Duration limit = 10s) {
    const TimePoint deadline = BootClock::now() + limit;
    while (!done() && BootClock::now() < deadline) (void)loop->run_once(10ms);
    return done();
  }
  bool stays_unready(Duration time) {
    return !until([this] { return ready > 0; }, time);
  }

  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  int ready = 0;
};

// --- a descriptor

class Descriptors : public Probes {
 protected:
  void SetUp() override {
    service_end.reset(dup(descriptor->write_end()));
    ASSERT_TRUE(descriptor->begin([this] { ++ready; }));
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(service_end.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::unique_ptr<ReadinessDescriptor> descriptor = ReadinessDescriptor::create(*loop, "web").value();
  UniqueFd service_end;
};

TEST_F(Descriptors, ANewlineMakesItReadyOnce) {
  write("\n");
  EXPECT_TRUE(until([this] { return ready == 1; }));
  service_end.reset();
  (void)loop->run_once(0ms);
  EXPECT_EQ(ready, 1);
}

TEST_F(Descriptors, WhatComesBeforeTheNewlineDoesNotCount) {
  write("loading");
  EXPECT_TRUE(stays_unready(50ms));
  write(" done\nmore");
  EXPECT_TRUE(until([this] { return ready == 1; }));
}

TEST_F(Descriptors, AnEndWithoutANewlineIsNotReady) {
  write("x");
  service_end.reset();
  EXPECT_TRUE(stays_unready(50ms));
  // The watch is gone too: an end of file would wake the loop for ever.
  const TimePoint start = BootClock::now();
  (void)loop->run_once(50ms);
  EXPECT_GE(BootClock::now() - start, 40ms);
}

TEST_F(Descriptors, WhoeverIsToldMayEndTheRun) {
  ASSERT_TRUE(until([] { return true; }));
  auto other = ReadinessDescriptor::create(*loop, "db").value();
  const UniqueFd end(dup(other->write_end()));
  ASSERT_TRUE(other->begin([&] { other.reset(); }));
  ASSERT_EQ(::write(end.get(), "\n", 1), 1);
  EXPECT_TRUE(until([&] { return other == nullptr; }));
}

// --- connections

/// A socket that is bound, and listens when it is told to.
struct Listener {
  explicit Listener(const SocketAddress& address) : fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(bind(fd.get(), address.get(), address.size), 0);
  }
  void listen() const { EXPECT_EQ(::listen(fd.get(), 5), 0); }
  std::uint16_t port() const {
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    return ntohs(name.sin6_port);  // at the same place as sin_port
  }
  UniqueFd fd;
};

class Connections : public Probes {
 protected:
  void probe(std::vector<SocketAddress> addresses, ConnectProbe::IsOurs is_ours = [](int) { return true; }) {
    it = std::make_unique<ConnectProbe>(*loop, std::move(addresses), std::move(is_ours), [this] { ++ready; });
  }
  static SocketAddress loopback(const char* text) { return socket_address(IpAddress::parse(text).value(), 0); }
  std::unique_ptr<ConnectProbe> it;
};

TEST_F(Connections, APortIsReadyWhenSomebodyListensAndNotBefore) {
  const Listener listener(loopback("127.0.0.1"));
  probe(loopback_addresses(listener.port()));
  EXPECT_TRUE(stays_unready(120ms));
  listener.listen();
  EXPECT_TRUE(until([this] { return ready == 1; }));
  EXPECT_FALSE(until([this] { return ready > 1; }, 300ms)) << "once";
}

TEST_F(Connections, APortOfIpv6AloneIsFoundToo) {
  const auto address = loopback("::1");
  const UniqueFd trial(socket(AF_INET6, SOCK_STREAM, 0));
  if (!trial || bind(trial.get(), address.get(), address.size) != 0) GTEST_SKIP() << "no IPv6 on this machine";
  const Listener listener(address);
  listener.listen();
  probe(loopback_addresses(listener.port()));
  EXPECT_TRUE(until([this] { return ready == 1; }));
}

TEST_F(Connections, NothingIsLeftOfAProbeThatHasEnded) {
  const Listener listener(loopback("127.0.0.1"));
  probe(loopback_addresses(listener.port()));
  (void)loop->run_once(0ms);
  it.reset();
  listener.listen();
  EXPECT_TRUE(stays_unready(200ms));
}

TEST_F(Connections, ANewConnectionIsTriedLessAndLessOften) {
  const Listener listener(loopback("127.0.0.1"));
  listener.listen();
  int attempts = 0;
  probe({loopback_addresses(listener.port()).front()}, [&](int) {
    ++attempts;
    return false;
  });
  EXPECT_TRUE(stays_unready(900ms));  // at 0, 50, 150, 350 and 750 ms
  EXPECT_GE(attempts, 3);
  EXPECT_LE(attempts, 5);
}

TEST_F(Connections, AUnixSocketIsReadyWhenItsListenerIsOurs) {
  std::string directory = testing::TempDir() + "uebo-probe-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const auto address = unix_address(directory + "/socket").value();
  bool ours = false;
  std::optional<pid_t> seen;
  probe({address}, [&](int connection) {
    seen = listener_of(connection);
    return ours;
  });
  EXPECT_TRUE(stays_unready(60ms)) << "there is no such file";
  const Listener listener(address);
  listener.listen();
  EXPECT_TRUE(until([&] { return seen.has_value(); }));
  EXPECT_EQ(seen, getpid());
  EXPECT_EQ(ready, 0);
  ours = true;
  EXPECT_TRUE(until([this] { return ready == 1; }));
  std::filesystem::remove_all(directory);
}

TEST_F(Connections, WhoeverIsToldMayEndTheRun) {
  const Listener listener(loopback("127.0.0.1"));
  listener.listen();
  it = std::make_unique<ConnectProbe>(
      *loop, loopback_addresses(listener.port()), [](int) { return true; },
      [this] {
        ++ready;
        it.reset();
      });
  EXPECT_TRUE(until([this] { return ready == 1; }));
  (void)loop->run_once(50ms);
}

}  // namespace
}  // namespace uebo::supervise
