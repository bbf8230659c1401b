#include "uebo/supervise/service_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "uebo/base/file.hpp"

namespace uebo::supervise {
namespace {

std::string stamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1'000'000);
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

std::string printable(std::string_view text) {
  std::string clean(text);
  while (!clean.empty() && clean.back() == '\r') clean.pop_back();
  std::ranges::replace_if(clean, is_control, '?');
  return clean;
}

}  // namespace

ServiceLog::ServiceLog(std::string directory, config::LogLimits limits)
    : directory_(std::move(directory)), limits_(limits) {}

void ServiceLog::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t room = kLongestLine - partial_.size();
    const std::size_t take = std::min({end, bytes.size(), room});
    partial_.append(bytes.substr(0, take));
    const bool ended = take == end;
    if (ended || partial_.size() == kLongestLine) finish();
    bytes.remove_prefix(take + (ended ? 1 : 0));
  }
}

void ServiceLog::finish() {
  if (partial_.empty()) return;
  line(partial_);
  partial_.clear();
}

void ServiceLog::line(std::string_view text) {
  last_line_ = printable(text);
  ++lines_;
  if (unreported_ > 0 && write(stamp() + fmt::format("({} lines were lost here)\n", unreported_))) unreported_ = 0;
  if (unreported_ > 0 || !write(stamp() + last_line_ + "\n")) {
    ++dropped_;
    ++unreported_;
  }
}

Result<> ServiceLog::write(std::string_view text) {
  if (!file_) UEBO_TRY(open());
  if (size_ > 0 && size_ + text.size() > limits_.size) UEBO_TRY(rotate());
  const ssize_t count = ::write(file_.get(), text.data(), text.size());
  if (count > 0) size_ += static_cast<std::uint64_t>(count);
  if (count == static_cast<ssize_t>(text.size())) return {};
  auto error = errno_error("write", directory_ + "/current");
  // Half a line is worse than none.
  if (count > 0 && ftruncate(file_.get(), static_cast<off_t>(size_ - static_cast<std::uint64_t>(count))) == 0)
    size_ -= static_cast<std::uint64_t>(count);
  return error;
}

Result<> ServiceLog::open() {
  UEBO_TRY(make_directories(directory_, 0750));
  const std::string path = directory_ + "/current";
  file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return errno_error("open", path);
  struct stat status{};
  size_ = fstat(file_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  return {};
}

Result<> ServiceLog::rotate() {
  const auto name = [&](unsigned number) {
    return directory_ + "/current" + (number == 0 ? "" : "." + std::to_string(number));
  };
  file_.reset();
  for (unsigned number = limits_.count; number-- > 0;) {
    // The last one goes for good: its place makes room even on a file system that is full.
    if (number + 1 == limits_.count)
      unlink(name(number).c_str());
    else
      rename(name(number).c_str(), name(number + 1).c_str());
  }
  return open();
}

}  // namespace uebo::supervise
