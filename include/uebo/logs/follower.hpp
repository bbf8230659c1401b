// Reads all logs of a node as they grow, for roles that carry them elsewhere. The files are the queue: how far each log
// has been read is kept in a file of the role's own, so that a role that is started again goes on where it stood, and
// what was written meanwhile comes late but comes, as far as the logs still hold it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/logs/clock_steps.hpp"
#include "uebo/logs/log_files.hpp"
#include "uebo/logs/log_reader.hpp"

namespace uebo::logs {

/// A place in a log: in the file of that inode, so many bytes from its beginning.
struct Position {
  ino_t inode = 0;  // 0: before everything
  std::uint64_t offset = 0;
  bool operator==(const Position&) const = default;
};
using Positions = std::map<std::string, Position>;  // by service

/// A missing or damaged file is an empty set: everything is read again.
[[nodiscard]] Positions load_positions(const std::string& path);
[[nodiscard]] Result<> save_positions(const std::string& path, const Positions& positions);

struct LogLine {
  std::string service;
  LogTime time{};    // corrected, see ClockSteps
  std::string text;  // without its time
  Position end;      // behind it
};

/// One log.
class LogCursor {
 public:
  LogCursor(std::string service, std::string directory, Position position);

  /// The next whole lines, of one file and `most` bytes at most. Where files have gone that were not read to their end,
  /// a line of our own says so.
  [[nodiscard]] std::vector<LogLine> read(std::size_t most, const ClockSteps& steps);

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  bool find_file();
  bool next_file();
  void begin(LogFile file, std::uint64_t offset);
  [[nodiscard]] LogLine line_of(std::string_view text, const ClockSteps& steps);

  std::string service_;
  std::string directory_;
  Position position_;
  LogFile file_;
  bool gap_ = false;
  std::size_t steps_passed_ = 0;
  LogTime last_time_{};
};

/// All logs of a directory, those that are made later as well.
class Follower {
 public:
  [[nodiscard]] static Result<Follower> create(std::string root, Positions positions);

  /// What has come, in the order of its times; at most kMostAtOnce bytes of each log. Empty: no more for now.
  [[nodiscard]] std::vector<LogLine> new_lines();
  /// Readable when lines may have come (inotify(7)); new_lines() ends that.
  [[nodiscard]] int descriptor() const { return watch_.descriptor(); }

  static constexpr std::size_t kMostAtOnce = 32 * 1024;

 private:
  Follower(std::string root, Positions positions, LogWatch watch)
      : root_(std::move(root)), positions_(std::move(positions)), watch_(std::move(watch)) {}
  void find_logs();

  std::string root_;
  Positions positions_;  // of logs that are not there yet
  LogWatch watch_;
  std::map<std::string, LogCursor> logs_;
};

}  // namespace uebo::logs
