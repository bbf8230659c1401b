// What real processes of a service say of themselves, and that others can't say it for them.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "real_processes.hpp"
#include "uebo/base/socket_address.hpp"

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A shell function `say TEXT` that sends a datagram, as a program of its own.
constexpr std::string_view kSay = R"sh(say() { perl -MSocket -e '
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
  my $name = $ENV{NOTIFY_SOCKET} or die "no NOTIFY_SOCKET";
  $name =~ s/^@/\0/;
  send($s, $ARGV[0], 0, pack("S a*", AF_UNIX, $name)) or die $!' "$1"; }
)sh";

class Readiness : public test::RealProcesses {
 protected:
  void SetUp() override {
    RealProcesses::SetUp();
    if (access("/usr/bin/perl", X_OK) != 0) GTEST_SKIP() << "there is no perl to send datagrams with";
  }
  static config::ServiceSpec service(config::Readiness ready, const std::string& script) {
    auto spec = shell(std::string(kSay) + script);
    spec.ready = std::move(ready);
    return spec;
  }
  void pass(Duration time) {
    const TimePoint end = BootClock::now() + time;
    while (BootClock::now() < end) (void)loop_->run_once(20ms);
  }
  bool wait_for(const std::string& event) {
    return until([&] { return seen(event); });
  }
};

TEST_F(Readiness, AServiceSaysItItselfOrThroughAHelper) {
  host_->launch(service(config::ReadyNotify{}, "say READY=1; sleep 1000"), Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
  EXPECT_THAT(events_, ElementsAre("launched", "notified ready"));
}

TEST_F(Readiness, WhatWasSaidBeforeTheEndIsToldBeforeTheEnd) {
  const std::string go = root_ + "/go";
  ASSERT_EQ(mkfifo(go.c_str(), 0600), 0);
  const UniqueFd word(open(go.c_str(), O_RDWR | O_CLOEXEC));  // waits for no reader: fifo(7)
  host_->launch(service(config::ReadyNotify{}, "say READY=1; read -r word <" + go + "; say STATUS=bye"), Process::Main);
  ASSERT_TRUE(wait_for("notified ready"));
  // The socket rests now, and the loop stands still until both have come.
  ASSERT_EQ(write(word.get(), "\n", 1), 1);
  pollfd ended{.fd = signals_.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&ended, 1, 10'000), 1);
  EXPECT_TRUE(wait_for("exited: exit code 0"));
  EXPECT_EQ(events_.front(), "launched");
  const auto end = std::ranges::find(events_, "exited: exit code 0");
  EXPECT_TRUE(std::any_of(events_.begin(), end, [](const auto& event) { return event.contains("(bye)"); }));
}

TEST_F(Readiness, ASimpleServiceHasNoSocket) {
  host_->launch(service(config::ReadySimple{}, "echo \"<$NOTIFY_SOCKET$WATCHDOG_USEC>\""), Process::Main);
  EXPECT_TRUE(wait_for("exited: exit code 0"));
  EXPECT_THAT(log(), HasSubstr("<>"));
}

TEST_F(Readiness, AWatchdogTellsItsTimeAndHasASocketButDoesNotMakeItReady) {
  auto spec = service(config::ReadySimple{}, "echo \"<$WATCHDOG_USEC>\"; say READY=1; say 'WATCHDOG=1'; sleep 1000");
  spec.watchdog = 2500ms;
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(wait_for("notified watchdog"));
  EXPECT_THAT(log(), HasSubstr("<2500000>"));
  EXPECT_THAT(events_, ElementsAre("launched", "notified watchdog"));
}

TEST_F(Readiness, TheServicesOwnVariableDoesNotHideTheSocket) {
  auto spec = service(config::ReadyNotify{}, "say READY=1; sleep 1000");
  spec.environment["NOTIFY_SOCKET"] = "/nowhere";
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
}

TEST_F(Readiness, AProcessOfAnotherCgroupCannotSpeakForTheService) {
  auto spec =
      service(config::ReadyNotify{}, "echo \"$NOTIFY_SOCKET\" > " + root_ + "/address; while :; do sleep 0.01; [ -e " +
                                         root_ + "/go ] && say STATUS=own; done");
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(until([&] { return read_file(root_ + "/address").value_or("").ends_with('\n'); }));
  const std::string address = read_file(root_ + "/address").value();
  // This test itself is outside of the service's cgroup.
  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  address.copy(name.sun_path, address.size() - 1);
  name.sun_path[0] = '\0';
  ASSERT_EQ(sendto(fd.get(), "READY=1", 7, 0, reinterpret_cast<sockaddr*>(&name),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() - 1)),
            7);
  std::ofstream(root_ + "/go") << "go";
  EXPECT_TRUE(wait_for("notified (own)"));
  EXPECT_THAT(events_, Not(Contains("notified ready")));
}

TEST_F(Readiness, AnUnprivilegedServiceSpeaksToo) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may change the user";
  auto spec = service(config::ReadyNotify{}, "say READY=1; sleep 1000");
  spec.user = "nobody";
  host_->launch(spec, Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
}

TEST_F(Readiness, ADescriptorIsOpenUnderItsNumberAndNoOtherIs) {
  const auto script = "sleep 0.05; echo $(ls /proc/self/fd); echo >&9; sleep 1000";
  host_->launch(service(config::ReadyDescriptor{9}, script), Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
  EXPECT_THAT(events_, ElementsAre("launched", "notified ready"));
  ASSERT_TRUE(until([&] { return log().find("Z 0 1 2 3 9") != std::string::npos; })) << log();
}

/// Low numbers are what the pipes of the launch have in PID 1 as well.
TEST_F(Readiness, AnyNumberOfADescriptorWillDo) {
  for (int number = 3; number < 40; ++number) {
    events_.clear();
    auto spec =
        service(config::ReadyDescriptor{number},
                fmt::format("exec perl -e 'open(F, \">&={}\") or die; print F \"\\n\"; close F; sleep 1000'", number));
    host_->launch(spec, Process::Main);
    ASSERT_TRUE(wait_for("notified ready")) << number << ": " << log();
    host_->kill(spec);
    ASSERT_TRUE(wait_for("empty")) << number;
    host_->release(spec);
  }
}

TEST_F(Readiness, AFailedExecWithADescriptorIsStillNamed) {
  for (int number = 3; number < 40; ++number) {  // among them those that PID 1 itself has just then
    events_.clear();
    auto spec = shell("");
    spec.command = {"/nowhere/daemon"};
    spec.ready = config::ReadyDescriptor{number};
    host_->launch(spec, Process::Main);
    ASSERT_TRUE(until([&] { return !events_.empty(); }));
    ASSERT_EQ(events_.front(), "launch failed: exec /nowhere/daemon: No such file or directory") << number;
    ASSERT_TRUE(wait_for("empty")) << number;
    host_->release(spec);
  }
}

TEST_F(Readiness, APortIsProbedFromTheExecOn) {
  host_->launch(service(config::ReadyTcpPort{47113}, R"(sleep 0.1; exec perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 47113, ReuseAddr => 1) or die $!;
    sleep 1000')"),
                Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
  EXPECT_THAT(events_, ElementsAre("launched", "notified ready"));
}

std::string listening_at(const std::string& path) {
  return "exec perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Listen => 5, Local => \"" + path +
         "\") or die $!; sleep 1000'";
}

TEST_F(Readiness, AUnixSocketOfAnotherServiceDoesNotCount) {
  const std::string path = root_ + "/socket";
  auto other = service(config::ReadyUnixSocket{path}, "sleep 1000");
  other.name = "other";
  host_->launch(service(config::ReadySimple{}, listening_at(path)), Process::Main);
  host_->launch(other, Process::Main);
  ASSERT_TRUE(until([&] { return std::filesystem::exists(path); }));
  pass(500ms);
  EXPECT_FALSE(seen("notified ready"));
}

TEST_F(Readiness, AUnixSocketOfItsOwnDoes) {
  const std::string path = root_ + "/socket";
  host_->launch(service(config::ReadyUnixSocket{path}, "sleep 0.1; " + listening_at(path)), Process::Main);
  EXPECT_TRUE(wait_for("notified ready"));
}

TEST_F(Readiness, ARunThatIsOverIsNotProbedAnyMore) {
  auto spec = service(config::ReadyTcpPort{47114}, "sleep 1000");
  host_->launch(spec, Process::Main);
  ASSERT_TRUE(wait_for("launched"));
  host_->kill(spec);
  ASSERT_TRUE(wait_for("empty"));
  host_->release(spec);
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = socket_address(IpAddress::parse("127.0.0.1").value(), 47114);
  ASSERT_EQ(bind(fd.get(), address.get(), address.size), 0);
  ASSERT_EQ(listen(fd.get(), 5), 0);
  pass(300ms);
  EXPECT_FALSE(seen("notified ready"));
}

}  // namespace
}  // namespace uebo::supervise
