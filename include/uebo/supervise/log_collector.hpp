// The reading end of every service's pipe. PID 1 keeps both ends, so that nothing is lost between two runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
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

 private:
  struct Stream {
    UniqueFd read_end;
    UniqueFd write_end;
    ServiceLog log;
  };

  event::Loop& loop_;
  std::string directory_;
  std::map<std::string, std::unique_ptr<Stream>> streams_;
};

}  // namespace uebo::supervise
