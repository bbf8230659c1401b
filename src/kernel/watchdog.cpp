#include "uebo/kernel/watchdog.hpp"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {
namespace {

/// What a driver that can't tell its time-out is taken to have: often enough for any.
constexpr std::chrono::seconds kShortest{5};

class DeviceCalls final : public WatchdogCalls {
 public:
  DeviceCalls(UniqueFd fd, bool no_way_out) : fd_(std::move(fd)), no_way_out_(no_way_out) {}
  int control(unsigned long request, void* argument) override { return ioctl(fd_.get(), request, argument); }
  bool write(std::string_view text) override {
    return ::write(fd_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  void close() override { fd_.reset(); }
  [[nodiscard]] bool no_way_out() const override { return no_way_out_; }

 private:
  UniqueFd fd_;
  bool no_way_out_;
};

struct Cause {
  int bit;
  std::string_view text;
};
// The names of struct watchdog_info's flags as they stand in the status of a boot.
constexpr std::array kCauses{
    Cause{WDIOF_CARDRESET, "a reset by the watchdog"},
    Cause{WDIOF_OVERHEAT, "a reset because the CPU was too hot"},
    Cause{WDIOF_FANFAULT, "a reset because a fan failed"},
    Cause{WDIOF_EXTERN1, "external relay 1"},
    Cause{WDIOF_EXTERN2, "external relay 2"},
    Cause{WDIOF_POWERUNDER, "too little voltage"},
    Cause{WDIOF_POWEROVER, "too much voltage"},
};

std::string causes_of(int status) {
  std::string text;
  for (const Cause& cause : kCauses)
    if ((status & cause.bit) != 0) text.append(text.empty() ? "" : ", ").append(cause.text);
  return text;
}

std::string identity_of(WatchdogCalls& calls) {
  watchdog_info info{};
  if (calls.control(WDIOC_GETSUPPORT, &info) != 0) return "watchdog";
  const std::string_view text(reinterpret_cast<const char*>(info.identity), sizeof info.identity);
  return std::string(text.substr(0, text.find('\0')));
}

std::chrono::seconds set_timeout(WatchdogCalls& calls, std::chrono::seconds wanted) {
  auto seconds = static_cast<int>(wanted.count());
  // A driver refuses what is beyond its hardware (EINVAL: sunxi has 16 s at most), and goes on with its own.
  calls.control(WDIOC_SETTIMEOUT, &seconds);
  int taken = 0;
  if (calls.control(WDIOC_GETTIMEOUT, &taken) != 0 || taken <= 0) return kShortest;
  return std::chrono::seconds(taken);
}

}  // namespace

Result<std::unique_ptr<WatchdogCalls>> open_watchdog(const std::string& device, const std::string& sysfs) {
  UniqueFd fd(open(device.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error("open", device, errno == EBUSY ? "somebody else feeds it" : "");
  const std::string name = device.substr(device.rfind('/') + 1);
  const auto no_way_out = read_file(sysfs + "/class/watchdog/" + name + "/nowayout", 16);
  return std::make_unique<DeviceCalls>(std::move(fd), no_way_out && no_way_out->starts_with('1'));
}

Watchdog Watchdog::start(std::unique_ptr<WatchdogCalls> calls, std::chrono::seconds timeout) {
  WatchdogFacts facts;
  facts.identity = identity_of(*calls);
  facts.timeout = set_timeout(*calls, timeout);
  facts.no_way_out = calls->no_way_out();
  int status = 0;
  if (calls->control(WDIOC_GETBOOTSTATUS, &status) == 0) {
    facts.boot_cause = causes_of(status);
    facts.ended_last_boot = (status & WDIOF_CARDRESET) != 0;
  }
  return {std::move(calls), std::move(facts)};
}

Result<> Watchdog::feed() {
  if (calls_->control(WDIOC_KEEPALIVE, nullptr) != 0) return errno_error("feed", facts_.identity);
  return {};
}

Result<> Watchdog::disarm() {
  int stop = WDIOS_DISABLECARD;
  const bool stopped = calls_->control(WDIOC_SETOPTIONS, &stop) == 0;
  // Not every driver knows that option; a close behind a 'V' ("magic close") stops all that can be stopped.
  const bool magic = calls_->write("V");
  calls_->close();
  if (facts_.no_way_out) return fail(EPERM, "disarm", facts_.identity, "its driver has nowayout set");
  if (!stopped && !magic) return fail(EIO, "disarm", facts_.identity);
  return {};
}

}  // namespace uebo::kernel
