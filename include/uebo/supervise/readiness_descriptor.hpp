// Readiness as s6 has it: the service writes a newline to a descriptor that it was started with
// (https://skarnet.org/software/s6/notifywhenup.html).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/event/loop.hpp"

namespace uebo::supervise {

class ReadinessDescriptor {
 public:
  /// A pipe. `service` is for lines of the log. The loop must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ReadinessDescriptor>> create(event::Loop& loop, std::string service);
  ReadinessDescriptor(const ReadinessDescriptor&) = delete;
  ReadinessDescriptor& operator=(const ReadinessDescriptor&) = delete;
  ~ReadinessDescriptor();

  /// The end that the service gets; -1 after begin().
  [[nodiscard]] int write_end() const { return write_end_.get(); }

  /// The service has its end. `ready` is called at the first newline, once, and may destroy this; what comes after it,
  /// or does not come before the end of file, makes no difference.
  [[nodiscard]] Result<> begin(std::function<void()> ready);

 private:
  ReadinessDescriptor(event::Loop& loop, std::string service, UniqueFd read_end, UniqueFd write_end);
  void read_some();
  void end();

  event::Loop& loop_;
  std::string service_;
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::function<void()> ready_;
};

}  // namespace uebo::supervise
