// What a service writes to its standard output and error: a bounded log on a RAM file system. The newest is kept, the
// oldest goes; what could not be written is counted and the count is written as soon as something can be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::supervise {

class ServiceLog {
 public:
  /// Lines go to `directory`/current, mode 0640; full files become current.1 (the youngest) and so on.
  /// Nothing is opened before the first line.
  ServiceLog(std::string directory, config::LogLimits limits);

  /// Takes bytes as they come out of the pipe. Each whole line is stamped with the wall time ("2026-11-23T10:00:00.123Z
  /// ") and written; control characters other than tab become '?'. A line over 4,096 bytes is split.
  void append(std::string_view bytes);
  /// Ends an unfinished line: the writer is gone.
  void finish();

  [[nodiscard]] const std::string& last_line() const { return last_line_; }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  static constexpr std::size_t kLongestLine = 4096;

 private:
  void line(std::string_view text);
  [[nodiscard]] Result<> write(std::string_view text);
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> rotate();

  std::string directory_;
  config::LogLimits limits_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  std::string partial_;
  std::string last_line_;
  std::uint64_t lines_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t unreported_ = 0;  // of dropped_: not yet said in the log
};

}  // namespace uebo::supervise
