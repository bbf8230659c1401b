// The reading end of every service's pipe. PID 1 keeps both ends, so that nothing is lost between two runs.
//
// A service that floods its log costs PID 1 a bounded share of its time and nobody else a turn: a pipe is looked at
// 100 times a second at most, all that are flooded together for a tenth of the time at most. Its pipe is made as large
// as the kernel lets it (fcntl(2), F_SETPIPE_SZ; 1 MiB by /proc/sys/fs/pipe-max-size), and of what has gathered there
// between two looks the beginning and the end are kept. The lines between are counted as lost: the end is what tells
// why a service has crashed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/supervise/service_log.hpp"

namespace uebo::supervise {

class LogCollector {
 public:
  /// Logs lie in `directory`/<service>/. The loop must outlive this.
  LogCollector(event::Loop& loop, std::string directory);
  LogCollector(const LogCollector&) = delete;
  LogCollector& operator=(const LogCollector&) = delete;
  ~LogCollector();

  /// The writing end for a service's processes; stays owned here. Made on first use.
  [[nodiscard]] Result<int> writer(const std::string& service, const config::LogLimits& limits);
  /// The log of a service, for last lines and counts; null before its first use.
  [[nodiscard]] ServiceLog* find(const std::string& service);
  /// Reads what is in the pipe now: the last words of a process that has just ended.
  void drain(const std::string& service);
  void remove(const std::string& service);

  static constexpr std::size_t kMostKept = 128 * 1024;  // bytes of one look
  static constexpr std::size_t kTail = 16 * 1024;       // of what was more than that: what is kept of its end

 private:
  struct Stream {
    UniqueFd read_end;
    UniqueFd write_end;
    ServiceLog log;
    TimePoint not_before{};  // when it may be looked at again
    std::optional<event::Loop::TimerId> pause;
    bool enlarged = false;
    bool busy = false;  // the last look found much
  };

  [[nodiscard]] Result<> watch(Stream& stream);
  void readable(Stream& stream);
  void look(Stream& stream);
  void rest(Stream& stream);
  [[nodiscard]] std::int64_t busy_streams() const;

  event::Loop& loop_;
  std::string directory_;
  std::map<std::string, std::unique_ptr<Stream>> streams_;
};

}  // namespace uebo::supervise
