#include "uebo/metrics/server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "uebo/base/clock.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::metrics {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A port that nobody has just now.
std::uint16_t free_port() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

UniqueFd asked(std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  constexpr std::string_view kRequest = "GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n";
  EXPECT_EQ(send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kRequest.size()));
  return fd;
}

std::string answer(const UniqueFd& fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

/// A server in a process of its own, as a role is. Each collection waits for a byte, and tells how many came before.
class MetricsServer : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> begun{};
    std::array<int, 2> go{};
    ASSERT_EQ(pipe(begun.data()), 0);
    ASSERT_EQ(pipe(go.data()), 0);
    port_ = free_port();
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0)
      _exit(serve(port_, "test", [&, collections = 0.0]() mutable {
        Families families;
        char byte = 0;
        if (write(begun[1], "b", 1) != 1 || read(go[0], &byte, 1) != 1) return families;
        families.gauge("collections", "Before this one", collections++);
        return families;
      }));
    close(begun[1]);
    close(go[0]);
    begun_.reset(begun[0]);
    go_.reset(go[1]);
  }
  void TearDown() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  /// The first client, once the server listens.
  [[nodiscard]] UniqueFd first() const {
    for (const auto until = BootClock::now() + std::chrono::seconds(20); BootClock::now() < until;)
      if (UniqueFd fd = asked(port_)) return fd;
    ADD_FAILURE() << "nobody listens";
    return {};
  }
  void wait_for_a_collection() {
    char byte = 0;
    ASSERT_EQ(read(begun_.get(), &byte, 1), 1);
  }
  void let_it_end() { ASSERT_EQ(write(go_.get(), "g", 1), 1); }

  std::uint16_t port_ = 0;
  pid_t child_ = -1;
  UniqueFd begun_;
  UniqueFd go_;
};

TEST_F(MetricsServer, CollectsAnewForEachScrape) {
  for (const char* expected : {"\ncollections 0\n", "\ncollections 1\n"}) {
    const UniqueFd client = first();
    wait_for_a_collection();
    let_it_end();
    const std::string text = answer(client);
    EXPECT_NE(text.find("200 OK"), std::string::npos) << text;
    EXPECT_NE(text.find(expected), std::string::npos) << text;
  }
}

TEST_F(MetricsServer, ClosesTheConnectionBehindItsAnswer) {
  const UniqueFd client = first();
  wait_for_a_collection();
  let_it_end();
  EXPECT_NE(answer(client).find("Connection: close"), std::string::npos);
}

}  // namespace
}  // namespace uebo::metrics
