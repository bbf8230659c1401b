// Copies of the logs on the storage: DIRECTORY/SERVICE/current, current.1 and so on, bounded each by itself and all of
// them together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "uebo/logs/carrier.hpp"
#include "uebo/logs/rotated_files.hpp"

namespace uebo::logs {

class CopyCarrier final : public Carrier {
 public:
  explicit CopyCarrier(std::string directory) : directory_(std::move(directory)) {}

  [[nodiscard]] bool takes_more() const override { return waiting_.empty(); }
  void take(std::vector<LogLine> lines) override;
  /// What can't be written (the storage is full, or gone) is tried again after kRetry; until then nothing more is
  /// taken.
  [[nodiscard]] std::optional<TimePoint> work(TimePoint now) override;
  [[nodiscard]] const Positions& carried() const override { return carried_; }

  static constexpr config::LogLimits kLimits{.size = 512 * 1024, .count = 4};  // of one service
  static constexpr std::uint64_t kTotal = 32 << 20;
  static constexpr std::chrono::seconds kRetry{10};

 private:
  Result<> copy(const std::string& service, std::vector<LogLine>& lines);

  std::string directory_;
  std::map<std::string, RotatedFiles> files_;
  std::map<std::string, std::vector<LogLine>> waiting_;  // by service
  Positions carried_;
  TimePoint not_before_{};
  bool failing_ = false;
};

/// Removes full files (current.N) of all logs in `directory`, those first that were written to longest ago, until all
/// files together have no more than `total` bytes. Returns how many files went.
unsigned trim_copies(const std::string& directory, std::uint64_t total);

}  // namespace uebo::logs
