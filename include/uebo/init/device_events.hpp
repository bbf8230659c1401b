// What the kernel tells about devices and links, turned into triggers and conditions for the supervisor:
//   a device with a modalias   -> trigger uevent:modalias        a disk or partition -> trigger uevent:block
//   a network interface        -> trigger uevent:net             a carrier           -> condition link:<interface>
// The first carrier of an Ethernet link starts its instance of the DHCP client, dhcp@<interface>.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/uevent.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::init {

class DeviceEvents {
 public:
  /// Opens the sockets and starts to follow them. Loop and supervisor must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<DeviceEvents>> follow(event::Loop& loop,
                                                                    supervise::Supervisor& supervisor);
  DeviceEvents(const DeviceEvents&) = delete;
  DeviceEvents& operator=(const DeviceEvents&) = delete;
  ~DeviceEvents();

 private:
  DeviceEvents(event::Loop& loop, supervise::Supervisor& supervisor, kernel::UeventSocket uevents,
               kernel::LinkMonitor links);
  void read_uevents();
  void read_links();
  void link_changed(const kernel::Link& link);

  event::Loop& loop_;
  supervise::Supervisor& supervisor_;
  kernel::UeventSocket uevents_;
  kernel::LinkMonitor links_;
  std::set<std::string> known_links_;
};

/// The triggers that one uevent stands for, "uevent:block" and so on. Virtual block devices (loop, zram) give none.
[[nodiscard]] std::set<std::string> triggers_of(const kernel::Uevent& event);

}  // namespace uebo::init
