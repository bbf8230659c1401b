#include "uebo/boinc/gui_rpc.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <string>

#include "uebo/base/unique_fd.hpp"

namespace uebo::boinc {
namespace {

constexpr const char* kObject = "the BOINC client's GUI RPC";
constexpr std::size_t kLongestReply = 64 * 1024;

Result<UniqueFd> connect_to(std::uint16_t port, std::chrono::milliseconds patience) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("connect to", kObject);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds);
  const timeval limit{.tv_sec = seconds.count(), .tv_usec = static_cast<suseconds_t>(rest.count())};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("connect to", kObject);
  return fd;
}

Result<std::string> ask(int fd, std::string_view request) {
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return errno_error("write to", kObject);
  std::string reply;
  std::array<char, 1024> buffer{};
  while (reply.find(kEndOfMessage) == std::string::npos && reply.size() < kLongestReply) {
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("wait for", kObject);
    if (count == 0) break;
    reply.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return reply;
}

}  // namespace

Result<bool> answers(std::uint16_t port, std::chrono::milliseconds patience) {
  const UniqueFd fd = UEBO_TRY(connect_to(port, patience));
  const std::string reply =
      UEBO_TRY(ask(fd.get(), "<boinc_gui_rpc_request>\n<auth1/>\n</boinc_gui_rpc_request>\n\003"));
  return reply.find("<nonce>") != std::string::npos;
}

}  // namespace uebo::boinc
