// A watchdog without hardware: it notes what is asked of it.
#pragma once

#include <linux/watchdog.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "uebo/kernel/watchdog.hpp"

namespace uebo::kernel::test {

/// What the device does, and what was done to it. It outlives the calls on it.
struct FakeDevice {
  int timeout = 60;    // that it starts with
  int longest = 3600;  // what is beyond is refused, as drivers do it
  bool has_timeout = true;
  int boot_status = 0;
  bool no_way_out = false;
  bool knows_disable = true;
  int feed_error = 0;

  int feeds = 0;
  std::vector<std::string> done = {};  // "arm", "feed", "disable", "V", "close"
};

class FakeWatchdog final : public WatchdogCalls {
 public:
  explicit FakeWatchdog(FakeDevice& device) : device_(device) { device_.done.emplace_back("arm"); }
  int control(unsigned long request, void* argument) override {
    switch (request) {
      case WDIOC_GETSUPPORT:
        std::strcpy(reinterpret_cast<char*>(static_cast<watchdog_info*>(argument)->identity), "a fake");
        return 0;
      case WDIOC_SETTIMEOUT:
        return set_timeout(*static_cast<int*>(argument));
      case WDIOC_GETTIMEOUT:
        *static_cast<int*>(argument) = device_.timeout;
        return device_.has_timeout ? 0 : failed(EOPNOTSUPP);
      case WDIOC_GETBOOTSTATUS:
        *static_cast<int*>(argument) = device_.boot_status;
        return 0;
      case WDIOC_KEEPALIVE:
        if (device_.feed_error != 0) return failed(device_.feed_error);
        ++device_.feeds;
        device_.done.emplace_back("feed");
        return 0;
      case WDIOC_SETOPTIONS:
        if (!device_.knows_disable || *static_cast<int*>(argument) != WDIOS_DISABLECARD) return failed(EOPNOTSUPP);
        device_.done.emplace_back("disable");
        return 0;
      default:
        return failed(ENOTTY);
    }
  }
  bool write(std::string_view text) override {
    device_.done.emplace_back(text);
    return true;
  }
  void close() override { device_.done.emplace_back("close"); }
  [[nodiscard]] bool no_way_out() const override { return device_.no_way_out; }

 private:
  static int failed(int error) {
    errno = error;
    return -1;
  }
  int set_timeout(int seconds) {
    if (!device_.has_timeout) return failed(EOPNOTSUPP);
    if (seconds > device_.longest) return failed(EINVAL);
    device_.timeout = seconds;
    return 0;
  }

  FakeDevice& device_;
};

}  // namespace uebo::kernel::test
