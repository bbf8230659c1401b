#include "uebo/supervise/readiness_descriptor.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

namespace uebo::supervise {

ReadinessDescriptor::ReadinessDescriptor(event::Loop& loop, std::string service, UniqueFd read_end, UniqueFd write_end)
    : loop_(loop), service_(std::move(service)), read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

ReadinessDescriptor::~ReadinessDescriptor() { end(); }

Result<std::unique_ptr<ReadinessDescriptor>> ReadinessDescriptor::create(event::Loop& loop, std::string service) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make the readiness descriptor of", service);
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  // The reading end alone: the service expects its own to block.
  if (fcntl(read_end.get(), F_SETFL, O_NONBLOCK) != 0) return errno_error("read the readiness descriptor of", service);
  return std::unique_ptr<ReadinessDescriptor>(
      new ReadinessDescriptor(loop, std::move(service), std::move(read_end), std::move(write_end)));
}

Result<> ReadinessDescriptor::begin(std::function<void()> ready) {
  write_end_.reset();
  ready_ = std::move(ready);
  return loop_.watch(read_end_.get(), EPOLLIN, [this](std::uint32_t) { read_some(); });
}

void ReadinessDescriptor::read_some() {
  std::array<char, 512> buffer{};
  const ssize_t size = read(read_end_.get(), buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const auto got = std::span(buffer).first(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (std::ranges::find(got, '\n') != got.end()) {
    end();
    const auto ready = std::move(ready_);
    ready();  // and nothing after it: it may have destroyed this
  } else if (got.empty()) {
    spdlog::warn("{}: has closed its readiness descriptor without a newline", service_);
    end();
  }
}

void ReadinessDescriptor::end() {
  if (!read_end_) return;
  loop_.remove(read_end_.get());
  read_end_.reset();
}

}  // namespace uebo::supervise
