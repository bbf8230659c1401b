// Kernel uevents: NETLINK_KOBJECT_UEVENT (lib/kobject_uevent.c; each message is "action@devpath" and KEY=value strings,
// all ended by a NUL).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

struct Uevent {
  std::string action;  // add, remove, change, bind, ...
  std::string devpath;
  std::map<std::string, std::string, std::less<>> properties;
  [[nodiscard]] std::string_view get(std::string_view key) const;  // empty: not there
};

class UeventSocket {
 public:
  /// Non-blocking; a receive buffer of 1 MiB, since coldplug brings bursts.
  [[nodiscard]] static Result<UeventSocket> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next one from the kernel (anybody else's are dropped); none when there is nothing to read. ENOBUFS: some were
  /// lost, look at everything anew.
  [[nodiscard]] Result<std::optional<Uevent>> receive();

 private:
  UniqueFd fd_;
};

[[nodiscard]] std::optional<Uevent> parse_uevent(std::string_view message);

}  // namespace uebo::kernel
