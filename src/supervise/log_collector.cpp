#include "uebo/supervise/log_collector.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace uebo::supervise {
namespace {

constexpr int kLargePipe = 1 << 20;
constexpr std::size_t kBusy = 16 * 1024;  // found in one look
constexpr std::chrono::milliseconds kBetweenLooks{10};
constexpr std::int64_t kRestForWork = 9;  // of all floods together: so many times the time that looking took

/// Reads what is in a pipe. Its buffer is there for one look.
class Reader {
 public:
  Reader(int fd, std::size_t available)
      : fd_(fd),
        size_(std::min(available, LogCollector::kTail)),
        buffer_(std::make_unique_for_overwrite<char[]>(size_)) {}

  /// Up to `most` bytes at once; empty: no more. Valid until the next call.
  std::string_view some(std::size_t most) {
    const ssize_t count = read(fd_, buffer_.get(), std::min(most, size_));
    return {buffer_.get(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int fd_;
  std::size_t size_;
  std::unique_ptr<char[]> buffer_;
};

void read_all(Reader reader, ServiceLog& log, std::size_t available) {
  while (available > 0) {
    const auto bytes = reader.some(available);
    if (bytes.empty()) return;
    log.append(bytes);
    available -= bytes.size();
  }
}

/// Counts what is read over.
class Skipper {
 public:
  explicit Skipper(ServiceLog& log) : log_(log) {}

  void over(std::string_view bytes) {
    lines_ += static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
    bytes_ += bytes.size();
  }
  /// What follows the end of the line that `bytes` begins within; all of it where that line has no end here.
  void keep_from_next_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end != std::string_view::npos) {
      over(bytes.substr(0, end + 1));
      bytes.remove_prefix(end + 1);
    }
    log_.skip(lines_, bytes_);
    log_.append(bytes);
  }

 private:
  ServiceLog& log_;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The line that has begun is kept, and whole lines of the last kTail bytes.
void read_ends(Reader reader, ServiceLog& log, std::size_t available) {
  Skipper skipper(log);
  auto bytes = reader.some(available);
  available -= bytes.size();
  const auto line = bytes.substr(0, std::min(bytes.find('\n'), ServiceLog::kLongestLine - 1) + 1);
  log.append(line);
  log.finish();
  skipper.over(bytes.substr(line.size()));
  while (available > LogCollector::kTail) {
    bytes = reader.some(available - LogCollector::kTail);
    if (bytes.empty()) break;
    skipper.over(bytes);
    available -= bytes.size();
  }
  skipper.keep_from_next_line(reader.some(available));
}

}  // namespace

LogCollector::LogCollector(event::Loop& loop, std::string directory) : loop_(loop), directory_(std::move(directory)) {}

LogCollector::~LogCollector() {
  while (!streams_.empty()) remove(std::string(streams_.begin()->first));
}

Result<int> LogCollector::writer(const std::string& service, const config::LogLimits& limits) {
  if (const auto found = streams_.find(service); found != streams_.end()) return found->second->write_end.get();

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make a log pipe for", service);
  auto stream = std::make_unique<Stream>(Stream{.read_end = UniqueFd(ends[0]),
                                                .write_end = UniqueFd(ends[1]),
                                                .log = ServiceLog(directory_ + "/" + service, limits),
                                                .pause = {}});
  // The reading end alone: a service expects its standard output to block.
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  UEBO_TRY(watch(*stream));
  const int write_end = stream->write_end.get();
  streams_.emplace(service, std::move(stream));
  return write_end;
}

Result<> LogCollector::watch(Stream& stream) {
  return loop_.watch(stream.read_end.get(), EPOLLIN, [this, &stream](std::uint32_t) { readable(stream); });
}

/// One who writes line by line wakes PID 1 no oftener than one who floods.
void LogCollector::readable(Stream& stream) {
  if (loop_.now() < stream.not_before) return rest(stream);
  look(stream);
  if (stream.busy) rest(stream);
}

void LogCollector::look(Stream& stream) {
  const int fd = stream.read_end.get();
  const TimePoint began = loop_.now();
  int in_pipe = 0;
  if (ioctl(fd, FIONREAD, &in_pipe) != 0) in_pipe = 0;
  const auto available = static_cast<std::size_t>(std::max(in_pipe, 0));
  stream.busy = available >= kBusy;
  if (stream.busy && !std::exchange(stream.enlarged, true)) fcntl(fd, F_SETPIPE_SZ, kLargePipe);
  if (available > kMostKept)
    read_ends(Reader(fd, available), stream.log, available);
  else
    read_all(Reader(fd, available), stream.log, available);
  const TimePoint now = loop_.now();
  const Duration pause = stream.busy ? (now - began) * kRestForWork * busy_streams() : Duration::zero();
  stream.not_before = now + std::max<Duration>(kBetweenLooks, pause);
}

void LogCollector::rest(Stream& stream) {
  if (stream.pause) return;
  loop_.remove(stream.read_end.get());
  stream.pause = loop_.at(stream.not_before, [this, &stream] {
    stream.pause.reset();
    if (watch(stream)) return;
    // The kernel has no memory for it now.
    stream.not_before = loop_.now() + std::chrono::seconds(1);
    rest(stream);
  });
}

std::int64_t LogCollector::busy_streams() const {
  return std::ranges::count_if(streams_, [](const auto& entry) { return entry.second->busy; });
}

ServiceLog* LogCollector::find(const std::string& service) {
  const auto found = streams_.find(service);
  return found == streams_.end() ? nullptr : &found->second->log;
}

void LogCollector::drain(const std::string& service) {
  const auto found = streams_.find(service);
  if (found == streams_.end()) return;
  look(*found->second);
  found->second->log.finish();
}

void LogCollector::remove(const std::string& service) {
  const auto found = streams_.find(service);
  if (found == streams_.end()) return;
  if (found->second->pause) loop_.cancel(*found->second->pause);
  loop_.remove(found->second->read_end.get());
  streams_.erase(found);
}

}  // namespace uebo::supervise
