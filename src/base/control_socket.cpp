#include "uebo/base/control_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "uebo/base/clock.hpp"
#include "uebo/base/socket_address.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLongestAnswer = 4 << 20;
constexpr std::string_view kNobodyThere = "nobody answers: is PID 1 uebo?";

std::string_view hint_for(int error) {
  if (error == ENOENT || error == ECONNREFUSED) return kNobodyThere;
  if (error == EACCES) return "it is for root and the node's own services";
  return {};
}

class Exchange {
 public:
  Exchange(std::string path, milliseconds timeout) : path_(std::move(path)), until_(BootClock::now() + timeout) {}

  Result<> connect() {
    fd_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_) return errno_error("connect to", path_);
    const auto address = UEBO_TRY(unix_address(path_));
    while (::connect(fd_.get(), address.get(), address.size) != 0) {
      // EAGAIN: the queue of those who wait to be accepted is full; unix(7) has no event for when it is not.
      if (errno != EAGAIN && errno != EINTR) return errno_error("connect to", path_, hint_for(errno));
      if (left() == 0) return fail(ETIMEDOUT, "connect to", path_);
      poll(nullptr, 0, std::min(left(), 20));
    }
    return {};
  }

  Result<> send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count > 0) {
        text.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno == EPIPE || errno == ECONNRESET) {
        return {};  // turned away before it was heard: why, the answer says
      } else if (errno == EAGAIN) {
        UEBO_TRY(wait(POLLOUT));
      } else if (errno != EINTR) {
        return errno_error("write to", path_);
      }
    }
    return {};
  }

  Result<std::string> receive_line() {
    std::string line;
    std::array<char, 4096> buffer{};
    while (line.size() <= kLongestAnswer) {
      const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (count > 0) {
        line.append(buffer.data(), static_cast<std::size_t>(count));
        const std::size_t end = line.find('\n', line.size() - static_cast<std::size_t>(count));
        if (end != std::string::npos) return line.substr(0, end);
      } else if (count == 0) {
        return fail(ECONNRESET, "read the answer of", path_);
      } else if (errno == EAGAIN) {
        UEBO_TRY(wait(POLLIN));
      } else if (errno != EINTR) {
        return errno_error("read the answer of", path_);
      }
    }
    return fail(EFBIG, "read the answer of", path_);
  }

 private:
  [[nodiscard]] int left() const {
    const auto left = std::chrono::ceil<milliseconds>(until_ - BootClock::now());
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 1 << 30));
  }

  Result<> wait(short events) {
    pollfd item{.fd = fd_.get(), .events = events, .revents = 0};
    const int ready = poll(&item, 1, left());
    if (ready < 0 && errno != EINTR) return errno_error("wait for", path_);
    if (ready == 0) return fail(ETIMEDOUT, "wait for the answer of", path_);
    return {};
  }

  std::string path_;
  TimePoint until_;
  UniqueFd fd_;
};

}  // namespace

Result<std::string> control_request(std::string_view json_line, milliseconds timeout, const std::string& path) {
  Exchange exchange(path, timeout);
  UEBO_TRY(exchange.connect());
  UEBO_TRY(exchange.send(std::string(json_line) + "\n"));
  return exchange.receive_line();
}

}  // namespace uebo
