#include "uebo/init/self_check.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <utility>

#include "uebo/base/socket_address.hpp"

namespace uebo::init {
namespace {

/// Answered at once, and shortly: with the supervisor's generation.
constexpr std::string_view kQuestion = "{\"verb\":\"changes\",\"since\":0,\"timeout\":0}\n";

}  // namespace

Result<> SelfCheck::begin(std::function<void()> answered) {
  give_up();
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("socket", path_);
  const auto address = UEBO_TRY(unix_address(path_));
  if (connect(fd.get(), address.get(), address.size) != 0) return errno_error("connect to", path_);
  // A fresh socket has room for it.
  if (send(fd.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return errno_error("write to", path_);
  UEBO_TRY(loop_.watch(fd.get(), EPOLLIN, [this](std::uint32_t) { receive(); }));
  fd_ = std::move(fd);
  answered_ = std::move(answered);
  return {};
}

void SelfCheck::give_up() {
  if (!fd_) return;
  loop_.remove(fd_.get());
  fd_.reset();
  answered_ = {};
}

void SelfCheck::receive() {
  std::array<char, 512> buffer{};
  const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return give_up();
  if (std::string_view(buffer.data(), static_cast<std::size_t>(count)).find('\n') == std::string_view::npos) return;
  const auto answered = std::move(answered_);
  give_up();
  answered();
}

}  // namespace uebo::init
