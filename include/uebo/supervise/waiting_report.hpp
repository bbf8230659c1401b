// A wait that lasts is told, so that nobody has to guess why a service does not run: after 30 s, then after twice the
// time, up to every 10 min. Pure: what time it is comes from outside.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "uebo/base/clock.hpp"

namespace uebo::supervise {

class WaitingReport {
 public:
  static constexpr std::chrono::seconds kFirst{30};
  static constexpr std::chrono::minutes kLongestPause{10};
  /// Waits that are due so soon after another are told of with it.
  static constexpr std::chrono::seconds kTogether{5};

  /// The unit waits since then; one that is known to changes nothing.
  void begin(const std::string& unit, TimePoint since);
  void end(const std::string& unit) { waits_.erase(unit); }
  /// When there will be something to tell.
  [[nodiscard]] std::optional<TimePoint> due() const;
  /// The units to tell of now. Each is due again later.
  [[nodiscard]] std::vector<std::string> take(TimePoint now);

 private:
  struct Wait {
    TimePoint since;
    TimePoint due;
    Duration pause;
  };
  std::map<std::string, Wait> waits_;
};

/// A unit that waits, and for what.
struct LastingWait {
  std::string unit;
  std::vector<std::string> what;
  Duration lasted;
};

/// "still waiting for clock: boinc (since 35 s)": a line for each set of things that are waited for.
[[nodiscard]] std::vector<std::string> waiting_lines(std::span<const LastingWait> waits);

}  // namespace uebo::supervise
