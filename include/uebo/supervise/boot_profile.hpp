#pragma once

#include <string>
#include <vector>

#include "uebo/base/clock.hpp"

namespace uebo::supervise {

/// One of the steps that PID 1 does in line, before there is a supervisor.
struct BootPhase {
  std::string name;
  TimePoint started;
  TimePoint ended;
};

}  // namespace uebo::supervise
