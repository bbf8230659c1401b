#include "uebo/logs/syslog_sender.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "uebo/logs/syslog_message.hpp"

namespace uebo::logs {

namespace {

std::size_t cost_of(const LogLine& line) { return sizeof line + line.service.capacity() + line.text.capacity(); }

}  // namespace

void LineQueue::push(LogLine line) {
  bytes_ += cost_of(line);
  lines_.push_back(std::move(line));
  for (; bytes_ > most_bytes_; ++dropped_) pop();
}

void LineQueue::pop() {
  bytes_ -= cost_of(lines_.front());
  lines_.pop_front();
}

std::uint64_t LineQueue::take_dropped() { return std::exchange(dropped_, 0); }

// --- the socket

Result<> SyslogSocket::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(server_.host.c_str(), std::to_string(server_.port).c_str(), &hints, &found);
  if (result == EAI_SYSTEM) return errno_error("look up syslog server", server_.host);
  if (result != 0) return fail(0, "look up syslog server", server_.host, gai_strerror(result));
  const std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })> addresses(found);
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
    socket_.reset(socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket_ && ::connect(socket_.get(), address->ai_addr, address->ai_addrlen) == 0) return {};
  }
  auto error = errno_error("reach syslog server", server_.host);
  socket_.reset();
  return error;
}

Result<> SyslogSocket::send(const std::string& message) {
  if (!socket_) UEBO_TRY(connect());
  if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return {};
  auto error = errno_error("send to syslog server", server_.host);
  if (error.error().code != EAGAIN && error.error().code != ENOBUFS) socket_.reset();
  return error;
}

// --- what is sent when

Result<> SyslogSender::send_one(const Facts& facts) {
  const LogLine& line = queue_.front();
  UEBO_TRY(send_(syslog_message({.time = facts.time_is_known ? std::optional(line.time) : std::nullopt,
                                 .host = facts.host,
                                 .service = line.service,
                                 .text = line.text})));
  sent_[line.service] = line.end;
  queue_.pop();
  return {};
}

Result<> SyslogSender::tell_dropped(const Facts& facts) {
  dropped_ += queue_.take_dropped();
  if (dropped_ == 0) return {};
  const std::string text = fmt::format("warning: {} lines did not get to this server", dropped_);
  UEBO_TRY(send_(syslog_message({.time = std::nullopt, .host = facts.host, .service = "syslog", .text = text})));
  spdlog::warn("{} lines were not sent", std::exchange(dropped_, 0));
  return {};
}

TimePoint SyslogSender::failed(const Error& error, TimePoint now) {
  if (error.code == EAGAIN || error.code == ENOBUFS) return not_before_ = now + kBetweenBursts;
  if (!std::exchange(lost_, true)) spdlog::warn("{}", error.message());
  not_before_ = now + retry_;
  retry_ = std::min<Duration>(retry_ * 2, kLongestRetry);
  return not_before_;
}

std::optional<TimePoint> SyslogSender::pump(TimePoint now, const Facts& facts) {
  if (queue_.empty()) return std::nullopt;
  if (now < not_before_) return not_before_;
  if (const auto told = tell_dropped(facts); !told) return failed(told.error(), now);
  for (std::size_t i = 0; i < kBurst && !queue_.empty(); ++i)
    if (const auto sent = send_one(facts); !sent) return failed(sent.error(), now);
  if (std::exchange(lost_, false)) spdlog::info("the syslog server is to be had again");
  retry_ = kFirstRetry;
  if (queue_.empty()) return std::nullopt;
  return not_before_ = now + kBetweenBursts;
}

}  // namespace uebo::logs
