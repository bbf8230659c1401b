// The loop of a role that carries logs elsewhere. It sleeps until a log has grown, waits a moment for more, and hands
// over what there is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uebo/event/loop.hpp"
#include "uebo/logs/follower.hpp"

namespace uebo::logs {

/// Where the lines go.
class Carrier {
 public:
  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  /// Whether take() may be called: as long as it may not, lines stay in their logs.
  [[nodiscard]] virtual bool takes_more() const = 0;
  virtual void take(std::vector<LogLine> lines) = 0;
  /// Does what can be done now. Returns when there is more to do, none when all that was taken has been done.
  [[nodiscard]] virtual std::optional<TimePoint> work(TimePoint now) = 0;
  /// How far each log has been carried.
  [[nodiscard]] virtual const Positions& carried() const = 0;
};

class CarrierLoop {
 public:
  /// Logs lie in `logs`; how far they have been carried is kept in the file `positions`.
  [[nodiscard]] static Result<std::unique_ptr<CarrierLoop>> create(const std::string& logs,
                                                                   const std::string& positions, Carrier& carrier);
  CarrierLoop(const CarrierLoop&) = delete;
  CarrierLoop& operator=(const CarrierLoop&) = delete;
  ~CarrierLoop();

  /// Until SIGTERM or SIGINT. Then what is in the logs is carried as far as it goes within a second.
  [[nodiscard]] Result<> run();

 private:
  CarrierLoop(std::unique_ptr<event::Loop> loop, Follower follower, std::string path, Positions positions,
              Carrier& carrier);
  [[nodiscard]] Result<> listen();
  void turn();
  /// Returns whether there was something to read.
  bool take_lines();
  void work();
  void sleep(bool more);
  void turn_at(TimePoint when);
  void finish();
  void save();

  std::unique_ptr<event::Loop> loop_;
  Follower follower_;
  std::string positions_path_;
  Carrier& carrier_;
  UniqueFd signals_;
  Positions positions_;
  std::optional<TimePoint> due_;
};

}  // namespace uebo::logs
