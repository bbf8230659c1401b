// What PID 1's services are, over the control socket: asked once, and again when PID 1 tells of a change.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::consul {

struct UnitsSeen {
  std::uint64_t generation = 0;
  std::map<std::string, config::ConsulService> running;  // unit -> what its file says for Consul
};

/// The answer to `status`. Units without such a key, or not running, are left out.
[[nodiscard]] Result<UnitsSeen> parse_units(std::string_view status);

class UnitWatch {
 public:
  explicit UnitWatch(std::string socket) : socket_(std::move(socket)) {}

  /// Asks for the units, and to be told when they are others.
  [[nodiscard]] Result<UnitsSeen> look();
  /// Readable: time to look() again. -1: nobody is there to tell.
  [[nodiscard]] int fd() const { return pending_.get(); }

 private:
  Result<UniqueFd> ask_for_changes(std::uint64_t since) const;

  std::string socket_;
  UniqueFd pending_;
};

}  // namespace uebo::consul
