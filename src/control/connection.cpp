#include "connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "uebo/control/requests.hpp"

namespace uebo::control {

bool Connection::receive() {
  std::array<char, 4096> buffer{};
  const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) ended_ = true;
  input_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> Connection::next_line() {
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos && !exhausting()) return std::nullopt;
  std::string line = input_.substr(0, end);
  input_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

bool Connection::line_too_long() const {
  const std::size_t end = input_.find('\n');
  return (end == std::string::npos ? input_.size() : end) > Requests::kLongestLine;
}

bool Connection::flush() {
  while (!output_.empty()) {
    const ssize_t count = send(fd_.get(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    output_.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

std::uint32_t Connection::interest() const {
  if (wait || result) return 0;
  if (sending()) return EPOLLOUT;
  return EPOLLIN;
}

}  // namespace uebo::control
