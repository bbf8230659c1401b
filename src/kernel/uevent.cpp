#include "uebo/kernel/uevent.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace uebo::kernel {
namespace {

constexpr unsigned kernel_group = 1;  // lib/kobject_uevent.c; udev's own messages go to group 2
constexpr int receive_buffer = 1 << 20;

/// A process with CAP_NET_ADMIN may send to the group too: only port 0 with root's credentials is the kernel.
bool is_from_kernel(const sockaddr_nl& sender, msghdr& message) {
  if (sender.nl_pid != 0 || sender.nl_groups != kernel_group) return false;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
    return credentials.uid == 0;
  }
  return false;
}

/// Cuts the string up to the next NUL off.
std::string_view next_string(std::string_view& rest) {
  const std::string_view text = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(rest.size(), text.size() + 1));
  return text;
}

}  // namespace

std::string_view Uevent::get(std::string_view key) const {
  const auto found = properties.find(key);
  return found == properties.end() ? std::string_view() : found->second;
}

std::optional<Uevent> parse_uevent(std::string_view message) {
  const std::string_view header = next_string(message);
  const std::size_t at = header.find('@');
  if (at == 0 || at == std::string_view::npos) return std::nullopt;
  Uevent uevent{
      .action = std::string(header.substr(0, at)), .devpath = std::string(header.substr(at + 1)), .properties = {}};
  while (!message.empty()) {
    const std::string_view line = next_string(message);
    const std::size_t equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    uevent.properties.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
  }
  return uevent;
}

Result<UeventSocket> UeventSocket::open() {
  UeventSocket socket;
  socket.fd_.reset(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!socket.fd_) return errno_error("open", "the socket for uevents");
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0)
    setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  constexpr int on = 1;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kernel_group;
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      ::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("bind", "the socket for uevents");
  return socket;
}

Result<std::optional<Uevent>> UeventSocket::receive() {
  for (;;) {
    std::array<char, 8192> buffer;  // the kernel's own is UEVENT_BUFFER_SIZE, 2048
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;
    iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
    sockaddr_nl sender{};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = recvmsg(fd(), &message, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::nullopt;
    if (count < 0) return errno_error("receive", "uevents");
    if ((message.msg_flags & MSG_TRUNC) != 0 || !is_from_kernel(sender, message)) continue;
    if (auto uevent = parse_uevent({buffer.data(), static_cast<std::size_t>(count)})) return uevent;
  }
}

}  // namespace uebo::kernel
