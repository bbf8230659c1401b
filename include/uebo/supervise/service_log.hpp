// What a service writes to its standard output and error: a bounded log on a RAM file system. The newest is kept, the
// oldest goes; what could not be written is counted and the count is written as soon as something can be.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/config/service_spec.hpp"
#include "uebo/logs/rotated_files.hpp"

namespace uebo::supervise {

class ServiceLog {
 public:
  /// Lines go to `directory`, see logs::RotatedFiles. Nothing is opened before the first line.
  ServiceLog(std::string directory, config::LogLimits limits);

  /// Takes bytes as they come out of the pipe. Each whole line is stamped with the wall time ("2026-11-23T10:00:00.123Z
  /// ") and written; control characters other than tab become '?'. A line over 4,096 bytes is split.
  void append(std::string_view bytes);
  /// Ends an unfinished line: the writer is gone, or the rest of the line is.
  void finish();
  /// So much was not even looked at: it counts as lost, here.
  void skip(std::uint64_t lines, std::uint64_t bytes);

  [[nodiscard]] const std::string& last_line() const { return last_line_; }
  // Since the boot, whatever has become of them.
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }  // of lines()
  [[nodiscard]] std::uint64_t rotations() const { return files_.rotations(); }

  /// Another run of the service begins.
  void begin_run() { run_lines_ = 0; }
  /// The last lines of this run, at most kLastLines, each cut to kLongestKept bytes. They are kept in memory: a log
  /// that can't be written has them, too.
  [[nodiscard]] std::vector<std::string> last_of_run() const;

  static constexpr std::size_t kLongestLine = 4096;
  static constexpr std::size_t kLastLines = 10;
  static constexpr std::size_t kLongestKept = 256;

 private:
  void line(std::string_view text);
  void add_to_batch(std::string_view text);
  void flush();

  logs::RotatedFiles files_;
  std::string partial_;
  std::string batch_;  // stamped lines that are written together
  std::string stamp_;  // of the batch
  std::string last_line_;
  std::array<std::string, kLastLines> last_lines_;  // a ring: that of number n of the run is at n % kLastLines
  std::uint64_t run_lines_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t unreported_ = 0;  // of dropped_: not yet said in the log
  std::uint64_t reporting_ = 0;   // of unreported_: said in the first line of the batch
};

}  // namespace uebo::supervise
