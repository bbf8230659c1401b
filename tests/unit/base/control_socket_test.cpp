#include "uebo/base/control_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "../kernel/test_tree.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo {
namespace {

using kernel::test::TestTree;
using std::chrono::milliseconds;

/// Takes one connection, reads once, and does as it is told.
class Peer {
 public:
  Peer(const std::string& path, std::function<void(int fd, const std::string& request)> talk)
      : listening_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listening_.get(), 1), 0);
    thread_ = std::thread([this, talk = std::move(talk)] {
      const UniqueFd client(accept(listening_.get(), nullptr, nullptr));
      std::array<char, 4096> buffer{};
      const ssize_t count = recv(client.get(), buffer.data(), buffer.size(), 0);
      talk(client.get(), {buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count)});
    });
  }
  ~Peer() { thread_.join(); }

 private:
  UniqueFd listening_;
  std::thread thread_;
};

void say(int fd, std::string_view text) {
  EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

TEST(ControlRequest, SendsOneLineAndReturnsOne) {
  const TestTree tree;
  const Peer peer(tree.path("s"), [](int fd, const std::string& request) {
    say(fd, "heard ");
    say(fd, request + "and more\n");
  });
  const auto answer = control_request("{}", std::chrono::seconds(10), tree.path("s"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(*answer, "heard {}");
}

TEST(ControlRequest, WithNobodyThereSaysSo) {
  const TestTree tree;
  const auto answer = control_request("{}", milliseconds(100), tree.path("s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ENOENT);
  EXPECT_EQ(answer.error().hint, "nobody answers: is PID 1 uebo?");
}

TEST(ControlRequest, AnswerThatDoesNotComeIsATimeout) {
  const TestTree tree;
  const Peer peer(tree.path("s"), [](int fd, const std::string&) {
    char end = 0;
    EXPECT_EQ(recv(fd, &end, 1, 0), 0);  // until the other side has given up
  });
  const auto answer = control_request("{}", milliseconds(20), tree.path("s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ETIMEDOUT);
}

TEST(ControlRequest, HalfAnAnswerIsAnError) {
  const TestTree tree;
  const Peer peer(tree.path("s"), [](int fd, const std::string&) { say(fd, "{\"ok\":tr"); });
  const auto answer = control_request("{}", std::chrono::seconds(10), tree.path("s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ECONNRESET);
}

}  // namespace
}  // namespace uebo
