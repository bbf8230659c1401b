#include "netlink.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

namespace uebo::kernel::netlink {

std::vector<std::byte> attribute(std::uint16_t type, Bytes value) {
  const rtattr header{.rta_len = static_cast<unsigned short>(sizeof(rtattr) + value.size()), .rta_type = type};
  std::vector<std::byte> bytes(sizeof header);
  memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), value.begin(), value.end());
  bytes.resize(RTA_ALIGN(bytes.size()));
  return bytes;
}

std::optional<Message> next_message(Bytes& rest) {
  Bytes front = rest;
  const auto header = take<nlmsghdr>(front);
  if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > rest.size()) return std::nullopt;
  const Message message{*header, rest.first(header->nlmsg_len).subspan(sizeof(nlmsghdr))};
  rest = rest.subspan(std::min<std::size_t>(rest.size(), NLMSG_ALIGN(std::size_t{header->nlmsg_len})));
  return message;
}

std::optional<Attribute> next_attribute(Bytes& rest) {
  Bytes front = rest;
  const auto header = take<rtattr>(front);
  if (!header || header->rta_len < sizeof(rtattr) || header->rta_len > rest.size()) return std::nullopt;
  const auto type = static_cast<std::uint16_t>(header->rta_type & NLA_TYPE_MASK);
  const Attribute attribute{type, rest.first(header->rta_len).subspan(sizeof(rtattr))};
  rest = rest.subspan(std::min<std::size_t>(rest.size(), RTA_ALIGN(std::size_t{header->rta_len})));
  return attribute;
}

std::string_view Attribute::text() const {
  const std::string_view all(reinterpret_cast<const char*>(value.data()), value.size());
  return all.substr(0, all.find('\0'));
}

Failure failure_in(Bytes messages) {
  while (auto message = next_message(messages)) {
    if (message->header.nlmsg_type != NLMSG_ERROR && message->header.nlmsg_type != NLMSG_DONE) continue;
    const auto code = take<int>(message->payload);
    if (!code || *code >= 0) continue;
    // The kernel's are errno values (include/linux/err.h, MAX_ERRNO); another's may be anything.
    constexpr int max_errno = 4095;
    Failure failure{.code = *code < -max_errno ? EPROTO : -*code, .words = {}};
    // Behind the error number comes the request's header (the request itself is left out: NETLINK_CAP_ACK).
    if (message->header.nlmsg_type == NLMSG_ERROR && !take<nlmsghdr>(message->payload)) return failure;
    while (const auto attribute = next_attribute(message->payload))
      if (attribute->type == NLMSGERR_ATTR_MSG) failure.words = attribute->text();
    return failure;
  }
  return {};
}

Result<UniqueFd> open_socket(unsigned groups, int flags) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
  if (!fd) return errno_error("open", "a netlink socket");
  // The kernel's own words for a failure; nothing is lost where it has none.
  constexpr int on = 1;
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("bind", "a netlink socket");
  return fd;
}

Result<> send(int fd, const Request& request) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd, request.bytes().data(), request.bytes().size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
             sizeof kernel) < 0)
    return errno_error("send", "a netlink request");
  return {};
}

Result<Bytes> receive(int fd, std::span<std::byte> buffer) {
  for (;;) {
    sockaddr_nl sender{};
    socklen_t length = sizeof sender;
    const ssize_t count =
        recvfrom(fd, buffer.data(), buffer.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("receive", "netlink messages");
    if (static_cast<std::size_t>(count) > buffer.size()) return fail(ENOBUFS, "receive", "netlink messages");
    if (sender.nl_pid == 0) return buffer.first(static_cast<std::size_t>(count));
  }
}

Result<std::vector<std::byte>> exchange(const Request& request, std::string_view operation, std::string_view object) {
  const UniqueFd fd = UEBO_TRY(open_socket(0, 0));
  constexpr timeval patience{.tv_sec = 5, .tv_usec = 0};  // the kernel answers within the call; never wait for ever
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  UEBO_TRY(send(fd.get(), request));
  std::vector<std::byte> answer;
  std::vector<std::byte> buffer(datagram_size);
  for (;;) {
    const Bytes datagram = UEBO_TRY(receive(fd.get(), buffer));
    if (const Failure failure = failure_in(datagram); failure.code != 0)
      return fail(failure.code, operation, object, failure.words);
    answer.insert(answer.end(), datagram.begin(), datagram.end());
    answer.resize(NLMSG_ALIGN(answer.size()));
    Bytes rest = datagram;
    while (const auto message = next_message(rest))
      if (message->header.nlmsg_type == NLMSG_DONE || message->header.nlmsg_type == NLMSG_ERROR) return answer;
  }
}

}  // namespace uebo::kernel::netlink
