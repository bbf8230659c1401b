// Which changes of a link's carrier count. A plug that is pushed in, a switch that restarts, a driver that resets its
// device for a new MTU: a carrier that is back within moments was not lost. One that comes and goes is not there until
// it stays, so that nothing is started and stopped for it again and again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/clock.hpp"

namespace uebo::init {

class Carriers {
 public:
  enum class Change { Gained, Lost };
  struct News {
    std::string link;
    Change change;
    bool operator==(const News&) const = default;
  };

  /// The first carrier of a link counts at once; what follows later, by due().
  [[nodiscard]] std::optional<News> observe(const std::string& link, bool carrier, TimePoint now);
  /// A link that is gone: at once. None where it had no carrier.
  [[nodiscard]] std::optional<News> forget(const std::string& link);
  /// Changes that have stood for long enough.
  [[nodiscard]] std::vector<News> due(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  static constexpr std::chrono::seconds loss_counts_after{3};
  static constexpr std::chrono::seconds return_counts_after{1};

 private:
  struct State {
    bool counts = false;                // what was told last
    std::optional<TimePoint> other_at;  // when the contrary is to be told
  };
  std::map<std::string, State> links_;
};

}  // namespace uebo::init
