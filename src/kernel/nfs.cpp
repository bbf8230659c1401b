#include "uebo/kernel/nfs.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;
using std::chrono::milliseconds;

constexpr std::uint32_t kLastFragment = 0x80000000;
constexpr std::size_t kLongestReply = 1024;
constexpr const char* kAsking = "ask NFS server";

std::string endpoint_text(const std::string& host, std::uint16_t port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result == EAI_SYSTEM) return errno_error("look up NFS server", host);
  if (result != 0) return fail(0, "look up NFS server", host, gai_strerror(result));
  return Addresses(found);
}

/// One connection to one address, with one deadline for all that is done over it.
class Exchange {
 public:
  Exchange(const addrinfo& address, std::string server, milliseconds patience)
      : address_(address), server_(std::move(server)), deadline_(BootClock::now() + patience) {}

  Result<> connect() {
    socket_.reset(socket(address_.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) return errno_error("socket for", server_);
    if (::connect(socket_.get(), address_.ai_addr, address_.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return errno_error(kAsking, server_);
    if (!wait(POLLOUT)) return fail(ETIMEDOUT, kAsking, server_);
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return fail(code, kAsking, server_);
    return {};
  }

  Result<> ask() {
    const auto transaction = static_cast<std::uint32_t>(BootClock::now().time_since_epoch().count());
    const auto call = nfs_null_call(transaction);
    // So few bytes always fit into a fresh socket.
    if (send(socket_.get(), call.data(), call.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(call.size()))
      return errno_error(kAsking, server_);
    std::uint32_t mark = 0;
    UEBO_TRY(receive(std::as_writable_bytes(std::span(&mark, 1))));
    const std::size_t size = ntohl(mark) & ~kLastFragment;
    if (size > kLongestReply) return fail(0, kAsking, server_, "what answers there is no NFS server");
    std::vector<std::byte> reply(size);
    UEBO_TRY(receive(reply));
    return understand_null_reply(reply, transaction, server_);
  }

  Result<NfsServer> server() const {
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0)
      return errno_error("find our address towards", server_);
    return NfsServer{.address = numeric(*address_.ai_addr, address_.ai_addrlen),
                     .client_address = numeric(reinterpret_cast<const sockaddr&>(local), size),
                     .ipv6 = address_.ai_family == AF_INET6};
  }

 private:
  static std::string numeric(const sockaddr& address, socklen_t size) {
    std::array<char, NI_MAXHOST> text{};
    getnameinfo(&address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    return text.data();
  }

  bool wait(short events) const {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - BootClock::now());
    pollfd ready{.fd = socket_.get(), .events = events, .revents = 0};
    return left.count() > 0 && poll(&ready, 1, static_cast<int>(left.count())) > 0;
  }

  Result<> receive(std::span<std::byte> buffer) const {
    while (!buffer.empty()) {
      if (!wait(POLLIN)) return fail(ETIMEDOUT, kAsking, server_, "it takes the connection, but says nothing");
      const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (count == 0) return fail(ECONNRESET, kAsking, server_);
      if (count < 0 && errno != EAGAIN && errno != EINTR) return errno_error(kAsking, server_);
      if (count > 0) buffer = buffer.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  const addrinfo& address_;
  std::string server_;
  TimePoint deadline_;
  UniqueFd socket_;
};

Result<NfsServer> ask_one(const addrinfo& address, const std::string& server, milliseconds patience) {
  Exchange exchange(address, server, patience);
  UEBO_TRY(exchange.connect());
  UEBO_TRY(exchange.ask());
  return exchange.server();
}

/// Takes 32-bit words off the front, none when there are no more.
class Words {
 public:
  explicit Words(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::optional<std::uint32_t> next() {
    if (bytes_.size() < sizeof(std::uint32_t)) return std::nullopt;
    std::uint32_t word = 0;
    std::memcpy(&word, bytes_.data(), sizeof word);
    bytes_ = bytes_.subspan(sizeof word);
    return ntohl(word);
  }
  void skip(std::size_t count) { bytes_ = bytes_.subspan(std::min(count, bytes_.size())); }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

std::array<std::byte, 44> nfs_null_call(std::uint32_t transaction) {
  constexpr std::uint32_t call = 0, rpc_version = 2, nfs_program = 100003, nfs_version = 4, null_procedure = 0;
  // Then credential and verifier, both AUTH_NONE with an empty body.
  const std::array<std::uint32_t, 11> words{
      kLastFragment | 40, transaction, call, rpc_version, nfs_program, nfs_version, null_procedure, 0, 0, 0, 0};
  std::array<std::byte, 44> bytes{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint32_t word = htonl(words[i]);
    std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
  }
  return bytes;
}

Result<> understand_null_reply(std::span<const std::byte> reply, std::uint32_t transaction, const std::string& server) {
  constexpr std::uint32_t is_reply = 1, accepted = 0, success = 0, program_unavailable = 1, version_mismatch = 2;
  Words words(reply);
  if (words.next() != transaction || words.next() != is_reply)
    return fail(0, kAsking, server, "what answers there is no NFS server");
  if (words.next() != accepted) return fail(EACCES, kAsking, server, "it denies the call");
  words.next();  // the verifier's kind
  words.skip((words.next().value_or(0) + 3) & ~std::size_t{3});
  const auto state = words.next();
  if (state == success) return {};
  if (state == program_unavailable) return fail(0, kAsking, server, "it answers, but serves no NFS");
  if (state != version_mismatch) return fail(0, kAsking, server, "it can't make sense of the call");
  const auto lowest = words.next().value_or(0), highest = words.next().value_or(0);
  return fail(0, kAsking, server,
              "it serves NFS versions " + std::to_string(lowest) + " to " + std::to_string(highest) + ", not 4");
}

Result<NfsServer> find_nfs_server(const std::string& host, std::uint16_t port, milliseconds patience) {
  const Addresses addresses = UEBO_TRY(resolve(host, port));
  Result<NfsServer> answer = fail(0, "look up NFS server", host, "it has no address");
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
    answer = ask_one(*address, endpoint_text(host, port), patience);
    if (answer) break;
  }
  return answer;
}

}  // namespace uebo::kernel
