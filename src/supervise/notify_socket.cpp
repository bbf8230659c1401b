#include "uebo/supervise/notify_socket.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace uebo::supervise {
namespace {

using namespace std::chrono_literals;

constexpr int kMostAtOnce = 32;
constexpr auto kRest = 20ms;

/// The name that autobind has given: unix(7), a NUL byte and five characters.
Result<std::string> name_of(int fd, const std::string& service) {
  sockaddr_un name{};
  socklen_t size = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return errno_error("name the notify socket of", service);
  return "@" + std::string(name.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
}

}  // namespace

struct NotifySocket::Datagram {
  std::optional<ucred> sender;
  std::string_view text;  // until the next one is received
  bool complete = true;
};

NotifySocket::NotifySocket(event::Loop& loop, std::string service, UniqueFd fd, std::string address)
    : loop_(loop), service_(std::move(service)), fd_(std::move(fd)), address_(std::move(address)) {}

NotifySocket::~NotifySocket() {
  if (resting_) loop_.cancel(*resting_);
  loop_.remove(fd_.get());
}

Result<std::unique_ptr<NotifySocket>> NotifySocket::create(event::Loop& loop, std::string service) {
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("make the notify socket of", service);
  const int on = 1;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return errno_error("ask for the senders at the notify socket of", service);
  const sockaddr any{.sa_family = AF_UNIX, .sa_data = {}};
  if (bind(fd.get(), &any, sizeof any.sa_family) != 0) return errno_error("bind the notify socket of", service);
  std::string address = UEBO_TRY(name_of(fd.get(), service));
  return std::unique_ptr<NotifySocket>(new NotifySocket(loop, std::move(service), std::move(fd), std::move(address)));
}

Result<> NotifySocket::begin(IsOurs is_ours, Deliver deliver) {
  is_ours_ = std::move(is_ours);
  deliver_ = std::move(deliver);
  return watch();
}

void NotifySocket::drain() {
  if (deliver_) read_some();
}

/// There is no room for descriptors: those that a service sends along (FDSTORE=1, and BARRIER=1 of
/// sd_notify_barrier(3), which waits for the closing of one) are dropped by the kernel in here. Were they taken,
/// closing one of them could block: it may be a file of an NFS server that has gone.
std::optional<NotifySocket::Datagram> NotifySocket::receive() {
  static std::array<char, kLongestNotifyMessage + 1> buffer;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0) return std::nullopt;
  Datagram datagram{.sender = {},
                    .text = {buffer.data(), static_cast<std::size_t>(size)},
                    .complete = (header.msg_flags & MSG_TRUNC) == 0};
  const cmsghdr* item = CMSG_FIRSTHDR(&header);
  if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_CREDENTIALS)
    memcpy(&datagram.sender.emplace(), CMSG_DATA(item), sizeof(ucred));
  return datagram;
}

void NotifySocket::read_some() {
  NotifyMessage all;
  for (int count = 0; count < kMostAtOnce; ++count) {
    const auto datagram = receive();
    if (!datagram) break;
    if (!datagram->sender || !is_ours_(*datagram->sender)) {
      complain(fmt::format("a message of process {}, which is not one of its own",
                           datagram->sender ? datagram->sender->pid : 0));
      continue;
    }
    if (!datagram->complete) {
      complain(fmt::format("a message of more than {} bytes", kLongestNotifyMessage));
      continue;
    }
    ParsedNotify parsed = parse_notify(datagram->text);
    if (parsed.bad_lines > 0) complain(fmt::format("{} lines that make no sense", parsed.bad_lines));
    merge(all, std::move(parsed.message));
  }
  if (all == NotifyMessage{}) return;
  const Deliver deliver = deliver_;
  deliver(std::move(all));  // and nothing after it: it may have destroyed this
}

Result<> NotifySocket::watch() {
  return loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) {
    rest();
    read_some();
  });
}

/// After each look, whatever it found: so a flood costs PID 1 next to nothing. The queue of the socket is short
/// (net.unix.max_dgram_qlen, 10); the sender waits meanwhile.
void NotifySocket::rest() {
  loop_.remove(fd_.get());
  resting_ = loop_.at(BootClock::now() + kRest, [this] {
    resting_.reset();
    if (const auto watched = watch(); !watched)
      spdlog::warn("{}: its notify socket is not read any more: {}", service_, watched.error().message());
  });
}

/// Once in a run: whoever sends it sends more of it.
void NotifySocket::complain(const std::string& text) {
  if (std::exchange(complained_, true)) return;
  spdlog::warn("{}: its notify socket got {}: ignored, and so are others, without a word, until it is started again",
               service_, text);
}

}  // namespace uebo::supervise
