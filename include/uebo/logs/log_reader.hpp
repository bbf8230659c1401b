// Reads a service's log as PID 1 writes it (supervise::ServiceLog): `current`, and the rotated current.1 (the
// youngest), current.2 and so on. A file is known by its inode, so that lines are neither lost nor shown twice when it
// is rotated meanwhile, be it several times.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/logs/log_files.hpp"

namespace uebo::logs {

class LogReader {
 public:
  explicit LogReader(std::string directory) : directory_(std::move(directory)) {}

  /// The last `count` lines of all that is kept. A log that is not there yet is empty.
  [[nodiscard]] std::vector<std::string> last_lines(std::size_t count);
  /// What has been written since last_lines() or the call before.
  [[nodiscard]] std::vector<std::string> new_lines();

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[nodiscard]] std::vector<std::string> lines_of(const LogFile& file);

  std::string directory_;
  LogFile file_;         // the one that was read last
  std::string partial_;  // the beginning of a line of it
};

/// Tells when one of several logs may have grown: inotify(7).
class LogWatch {
 public:
  [[nodiscard]] static Result<LogWatch> create();
  /// Watches a log's directory, or as long as there is none the directory above.
  [[nodiscard]] Result<> add(const std::string& directory);
  /// Until something has happened; false when nothing has within `timeout`. Negative: without end.
  [[nodiscard]] Result<bool> wait(std::chrono::milliseconds timeout);

  /// Readable when something has happened, for who waits in a loop; clear() ends that.
  [[nodiscard]] int descriptor() const { return inotify_.get(); }
  void clear() const;

 private:
  explicit LogWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}
  UniqueFd inotify_;
};

}  // namespace uebo::logs
