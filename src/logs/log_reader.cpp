#include "uebo/logs/log_reader.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace uebo::logs {
namespace {

constexpr off_t kMostOfOneFile = 16 << 20;

void append(std::vector<std::string>& lines, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(lines));
}

}  // namespace

/// Whole lines from where the descriptor stands; what is left over stays in partial_.
std::vector<std::string> LogReader::lines_of(const LogFile& file) {
  struct stat status{};
  const off_t position = lseek(file.fd.get(), 0, SEEK_CUR);
  if (fstat(file.fd.get(), &status) != 0 || position < 0) return {};
  if (status.st_size < position) {
    // PID 1 takes half a line back when the file system is full.
    partial_.clear();
    lseek(file.fd.get(), status.st_size, SEEK_SET);
  } else if (status.st_size - position > kMostOfOneFile) {
    partial_.clear();
    lseek(file.fd.get(), status.st_size - kMostOfOneFile, SEEK_SET);
  }
  std::array<char, 4096> buffer{};
  std::vector<std::string> lines;
  for (;;) {
    const ssize_t count = read(file.fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return lines;
    std::string_view text(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      partial_.append(text.substr(0, end));
      lines.push_back(std::exchange(partial_, {}));
      text.remove_prefix(end + 1);
    }
    partial_.append(text);
  }
}

std::vector<std::string> LogReader::last_lines(std::size_t count) {
  std::vector<std::string> lines;
  std::string partial_of_youngest;
  auto files = open_log_files(directory_);
  for (std::size_t i = 0; i < files.size() && (i == 0 || lines.size() < count); ++i) {
    partial_.clear();
    auto older = lines_of(files[i]);
    if (i == 0) partial_of_youngest = partial_;
    append(older, std::move(lines));
    lines = std::move(older);
  }
  if (!files.empty()) file_ = std::move(files.front());
  partial_ = std::move(partial_of_youngest);
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

std::vector<std::string> LogReader::new_lines() {
  std::vector<std::string> lines;
  if (is_current(file_, directory_)) return lines_of(file_);
  auto files = open_log_files(directory_);
  const auto ours =
      std::ranges::find_if(files, [this](const LogFile& file) { return file_.fd && file.same_as(file_); });
  // Nobody writes to it any more: this is the last of it.
  if (file_.fd) lines = lines_of(file_);
  if (ours == files.begin()) return lines;
  for (auto file = ours; file != files.begin();) {
    --file;
    partial_.clear();
    append(lines, lines_of(*file));
  }
  if (!files.empty()) file_ = std::move(files.front());
  return lines;
}

Result<LogWatch> LogWatch::create() {
  UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return errno_error("inotify_init1", "");
  return LogWatch(std::move(inotify));
}

Result<> LogWatch::add(const std::string& directory) {
  constexpr std::uint32_t changes = IN_MODIFY | IN_CREATE | IN_MOVED_TO;
  if (inotify_add_watch(inotify_.get(), directory.c_str(), changes) >= 0) return {};
  if (errno != ENOENT) return errno_error("watch", directory);
  const std::string above = directory.substr(0, directory.rfind('/'));
  if (inotify_add_watch(inotify_.get(), above.c_str(), IN_CREATE | IN_MOVED_TO) < 0) return errno_error("watch", above);
  // It may have been made in between.
  if (inotify_add_watch(inotify_.get(), directory.c_str(), changes) < 0 && errno != ENOENT)
    return errno_error("watch", directory);
  return {};
}

Result<bool> LogWatch::wait(std::chrono::milliseconds timeout) {
  pollfd item{.fd = inotify_.get(), .events = POLLIN, .revents = 0};
  const int ready = poll(&item, 1, timeout.count() < 0 ? -1 : static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) return errno_error("wait for", "logs");
  clear();
  return ready > 0;
}

/// What has happened does not matter: every log is looked at. Reading only empties the queue.
void LogWatch::clear() const {
  alignas(inotify_event) std::array<char, 4096> events{};
  while (read(inotify_.get(), events.data(), events.size()) > 0) continue;
}

}  // namespace uebo::logs
