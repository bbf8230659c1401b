#include "uebo/supervise/log_collector.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>

namespace uebo::supervise {
namespace {

/// At most one pipe's capacity (64 KiB, pipe(7)) a turn: a flood from one service does not starve the others.
void read_available(int fd, ServiceLog& log) {
  static std::array<char, 64 * 1024> buffer;
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count > 0) log.append({buffer.data(), static_cast<std::size_t>(count)});
}

}  // namespace

LogCollector::LogCollector(event::Loop& loop, std::string directory) : loop_(loop), directory_(std::move(directory)) {}

LogCollector::~LogCollector() {
  for (const auto& [name, stream] : streams_) loop_.remove(stream->read_end.get());
}

Result<int> LogCollector::writer(const std::string& service, const config::LogLimits& limits) {
  if (const auto found = streams_.find(service); found != streams_.end()) return found->second->write_end.get();

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a log pipe for", service);
  auto stream = std::make_unique<Stream>(Stream{.read_end = UniqueFd(ends[0]),
                                                .write_end = UniqueFd(ends[1]),
                                                .log = ServiceLog(directory_ + "/" + service, limits)});
  // The reading end alone: a service expects its standard output to block.
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  UEBO_TRY(loop_.watch(ends[0], EPOLLIN,
                       [raw = stream.get()](std::uint32_t) { read_available(raw->read_end.get(), raw->log); }));
  const int write_end = stream->write_end.get();
  streams_.emplace(service, std::move(stream));
  return write_end;
}

ServiceLog* LogCollector::find(const std::string& service) {
  const auto found = streams_.find(service);
  return found == streams_.end() ? nullptr : &found->second->log;
}

void LogCollector::drain(const std::string& service) {
  const auto found = streams_.find(service);
  if (found == streams_.end()) return;
  read_available(found->second->read_end.get(), found->second->log);
  found->second->log.finish();
}

void LogCollector::remove(const std::string& service) {
  const auto found = streams_.find(service);
  if (found == streams_.end()) return;
  loop_.remove(found->second->read_end.get());
  streams_.erase(found);
}

}  // namespace uebo::supervise
