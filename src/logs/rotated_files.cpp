#include "uebo/logs/rotated_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "uebo/base/file.hpp"

namespace uebo::logs {

RotatedFiles::RotatedFiles(std::string directory, config::LogLimits limits)
    : directory_(std::move(directory)), limits_(limits) {}

RotatedFiles::Written RotatedFiles::write(std::string_view lines) {
  if (auto ready = make_ready(lines.size()); !ready) return {.kept = 0, .result = std::move(ready)};
  std::size_t done = 0;
  bool made_room = false;
  while (done < lines.size()) {
    const ssize_t count = ::write(file_.get(), lines.data() + done, lines.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
      size_ += static_cast<std::uint64_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    auto error = errno_error("write", name_of(0));
    if (error.error().code == ENOSPC && !std::exchange(made_room, true) && remove_oldest()) continue;
    return {.kept = take_back_half_line(lines.substr(0, done)), .result = std::move(error)};
  }
  return {.kept = done, .result = {}};
}

/// Half a line is worse than none.
std::size_t RotatedFiles::take_back_half_line(std::string_view written) {
  const std::size_t end = written.rfind('\n');
  const std::size_t kept = end == std::string_view::npos ? 0 : end + 1;
  const std::size_t half = written.size() - kept;
  if (half > 0 && ftruncate(file_.get(), static_cast<off_t>(size_ - half)) == 0) size_ -= half;
  return kept;
}

Result<> RotatedFiles::make_ready(std::size_t size) {
  if (!file_) UEBO_TRY(open());
  if (size_ > 0 && size_ + size > limits_.size) UEBO_TRY(rotate());
  return {};
}

Result<> RotatedFiles::open() {
  UEBO_TRY(make_directories(directory_, 0750));
  const std::string path = name_of(0);
  file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return errno_error("open", path);
  struct stat status{};
  size_ = fstat(file_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  return {};
}

std::string RotatedFiles::name_of(unsigned age) const {
  return directory_ + "/current" + (age == 0 ? "" : "." + std::to_string(age));
}

Result<> RotatedFiles::rotate() {
  file_.reset();
  ++rotations_;
  for (unsigned age = limits_.count; age-- > 0;) {
    // The last one goes for good: its place makes room even on a file system that is full.
    if (age + 1 == limits_.count)
      unlink(name_of(age).c_str());
    else
      rename(name_of(age).c_str(), name_of(age + 1).c_str());
  }
  return open();
}

bool RotatedFiles::remove_oldest() {
  for (unsigned age = limits_.count; age-- > 1;)
    if (unlink(name_of(age).c_str()) == 0) return true;
  return false;
}

}  // namespace uebo::logs
