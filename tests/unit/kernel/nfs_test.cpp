#include "uebo/kernel/nfs.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>
#include <vector>

#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::vector<std::byte> words(std::initializer_list<std::uint32_t> values) {
  std::vector<std::byte> bytes;
  for (const std::uint32_t value : values)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::byte>(value >> shift));
  return bytes;
}

std::string error_of(std::initializer_list<std::uint32_t> reply) {
  const auto understood = understand_null_reply(words(reply), 7, "nas:2049");
  return understood ? "" : understood.error().message();
}

TEST(NfsNullReply, IsASuccess) {
  EXPECT_EQ(error_of({7, 1, 0, 0, 0, 0}), "");
  EXPECT_EQ(error_of({7, 1, 0, 6, 5, 1, 2, 0}), "") << "a verifier of five bytes and its padding";
}

TEST(NfsNullReply, SaysWhatTheServerLacks) {
  EXPECT_THAT(error_of({7, 1, 0, 0, 0, 2, 2, 3}), HasSubstr("versions 2 to 3, not 4"));
  EXPECT_THAT(error_of({7, 1, 0, 0, 0, 1}), HasSubstr("serves no NFS"));
  EXPECT_THAT(error_of({7, 1, 1, 1, 1}), HasSubstr("denies"));
}

TEST(NfsNullReply, OfSomethingElseIsNone) {
  EXPECT_THAT(error_of({8, 1, 0, 0, 0, 0}), HasSubstr("no NFS server"));
  EXPECT_THAT(error_of({}), HasSubstr("no NFS server"));
  EXPECT_NE(error_of({7, 1, 0, 0, 0xffffffff}), "");
  EXPECT_NE(error_of({7, 1, 0}), "");
}

/// A listener on the loopback that takes connections by itself: what a stopped server looks like.
class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 4), 0);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  void close() { socket_.reset(); }
  /// Takes one call and answers it.
  void serve_one() const {
    const UniqueFd client(accept(socket_.get(), nullptr, nullptr));
    std::array<std::byte, 44> call{};
    EXPECT_EQ(recv(client.get(), call.data(), call.size(), MSG_WAITALL), 44);
    auto answer = words({0x80000018, 0, 1, 0, 0, 0, 0});
    std::memcpy(answer.data() + 4, call.data() + 4, 4);
    EXPECT_EQ(send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL), 28);
  }
  std::uint16_t port = 0;

 private:
  UniqueFd socket_;
};

TEST(NfsServers, ThatAnswerAreFound) {
  const Listener listener;
  std::jthread server([&] { listener.serve_one(); });
  const auto found = find_nfs_server("127.0.0.1", listener.port, 5s);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->address, "127.0.0.1");
  EXPECT_EQ(found->client_address, "127.0.0.1");
  EXPECT_FALSE(found->ipv6);
}

TEST(NfsServers, ThatAreDownRefuse) {
  Listener listener;
  listener.close();
  const auto found = find_nfs_server("127.0.0.1", listener.port, 5s);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ECONNREFUSED);
  EXPECT_THAT(found.error().message(), HasSubstr("127.0.0.1:" + std::to_string(listener.port)));
}

TEST(NfsServers, ThatAreStoppedCostTheirPatience) {
  const Listener listener;
  const auto found = find_nfs_server("127.0.0.1", listener.port, 50ms);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ETIMEDOUT);
}

TEST(NfsServers, WithoutAnAddressAreNamed) {
  const auto found = find_nfs_server("no-such-host.invalid", 2049, 50ms);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message(), HasSubstr("no-such-host.invalid"));
}

}  // namespace
}  // namespace uebo::kernel
