// A peer for the GUI RPC client, in a thread: what it answers and how is up to the test.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "uebo/base/unique_fd.hpp"
#include "uebo/boinc/gui_rpc.hpp"

namespace uebo::boinc {

inline std::string reply(const std::string& content) {
  return "<boinc_gui_rpc_reply>\n" + content + "\n</boinc_gui_rpc_reply>\n\003";
}

/// Takes connections on a port of the kernel's choice, one after the other, and answers each one's requests until the
/// peer hangs up.
class FakeClient {
 public:
  /// Sends whatever it wants over the socket; false hangs up.
  using Answer = std::function<bool(int socket, const std::string& request)>;

  explicit FakeClient(Answer answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  /// The same answer to everything.
  explicit FakeClient(std::string text)
      : FakeClient([text = std::move(text)](int socket, const std::string&) { return send_all(socket, text); }) {}
  FakeClient(const FakeClient&) = delete;
  FakeClient& operator=(const FakeClient&) = delete;
  ~FakeClient() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  static bool send_all(int socket, std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  void serve() const {
    while (true) {
      const UniqueFd connection(accept(socket_.get(), nullptr, nullptr));
      if (!connection) return;
      serve(connection);
    }
  }

  void serve(const UniqueFd& connection) const {
    std::array<char, 256> buffer{};
    std::string request;
    while (true) {
      const ssize_t count = recv(connection.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      request.append(buffer.data(), static_cast<std::size_t>(count));
      if (request.back() != kEndOfMessage) continue;
      if (!answer_(connection.get(), request)) return;
      request.clear();
    }
  }

  Answer answer_;
  UniqueFd socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace uebo::boinc
