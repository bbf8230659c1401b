#include "uebo/boinc/gui_rpc.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "uebo/base/unique_fd.hpp"

namespace uebo::boinc {
namespace {

/// Answers one connection on a port of the kernel's choice.
class FakeClient {
 public:
  explicit FakeClient(std::string reply) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, reply = std::move(reply)] { serve(reply); });
  }
  FakeClient(const FakeClient&) = delete;
  FakeClient& operator=(const FakeClient&) = delete;
  ~FakeClient() { thread_.join(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve(const std::string& reply) const {
    const UniqueFd connection(accept(socket_.get(), nullptr, nullptr));
    std::array<char, 256> buffer{};
    std::string request;
    while (request.find(kEndOfMessage) == std::string::npos) {
      const ssize_t count = recv(connection.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      request.append(buffer.data(), static_cast<std::size_t>(count));
    }
    EXPECT_NE(request.find("<auth1/>"), std::string::npos);
    send(connection.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  }
  UniqueFd socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(GuiRpc, AnswersWithANonce) {
  const FakeClient client("<boinc_gui_rpc_reply>\n<nonce>1398.17</nonce>\n</boinc_gui_rpc_reply>\n\003");
  EXPECT_EQ(answers(client.port()), true);
}

TEST(GuiRpc, AnotherAnswerIsNone) {
  const FakeClient client("HTTP/1.0 400 Bad Request\r\n");
  EXPECT_EQ(answers(client.port()), false);
}

TEST(GuiRpc, NobodyThereIsAnError) { EXPECT_FALSE(answers(1)); }

}  // namespace
}  // namespace uebo::boinc
