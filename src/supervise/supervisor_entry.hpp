// What the supervisor keeps of one unit.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "uebo/supervise/supervisor.hpp"

namespace uebo::supervise {

struct Supervisor::Entry {
  config::ServiceSpec spec;
  Unit unit;
  bool wanted = false;      // by its file and by the people who started or stopped it
  bool restarting = false;  // goes down once, then counts as wanted again
  std::optional<event::Loop::TimerId> timer;
  std::optional<TimePoint> armed_for;
  std::optional<TimePoint> first_wanted;
  std::optional<TimePoint> first_started;
  std::optional<TimePoint> first_running;
  std::optional<TimePoint> first_up;
  TimePoint run_started{};
  std::uint64_t lines_before_run = 0;
  std::optional<FailedRun> failed_run;
  std::string said;                         // by the last run that failed, for the console
  bool repeats = false;                     // the same as the one before
  std::string note;                         // what others have to say about it
  std::string status_text;                  // what it says of itself (STATUS=)
  std::optional<config::ServiceSpec> next;  // by a reload: counts as soon as nothing of the old one is left
  bool removing = false;                    // by a reload: forgotten then
};

inline bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace uebo::supervise
