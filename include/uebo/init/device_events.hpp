// What the kernel tells about devices and links, turned into triggers and conditions for the supervisor:
//   a device with a modalias   -> trigger uevent:modalias        a disk or partition -> trigger uevent:block
//   a network interface        -> trigger uevent:net             a carrier           -> condition link:<interface>
// The first carrier of an Ethernet link starts who gives it addresses: dhcp@<interface>, ipv6@<interface>, or what
// uebo.net says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "uebo/base/result.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/init/carriers.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/uevent.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::init {

class DeviceEvents {
 public:
  /// Opens the sockets and starts to follow them. Loop and supervisor must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<DeviceEvents>> follow(event::Loop& loop,
                                                                    supervise::Supervisor& supervisor,
                                                                    boot::NetworkPlan plan);
  /// Called after a watchdog has come (its driver has been loaded), or may have.
  void on_watchdog(std::function<void()> handler) { watchdog_came_ = std::move(handler); }

  DeviceEvents(const DeviceEvents&) = delete;
  DeviceEvents& operator=(const DeviceEvents&) = delete;
  ~DeviceEvents();

 private:
  DeviceEvents(event::Loop& loop, supervise::Supervisor& supervisor, kernel::UeventSocket uevents,
               kernel::LinkMonitor links, boot::NetworkPlan plan);
  void read_uevents();
  void read_links();
  void take_links();
  void link_changed(const kernel::Link& link);
  void carrier_changed(const Carriers::News& news);
  void start_units_of(const std::string& link);
  void arm_carriers();
  void look_for_devices(bool modules_had_settled);

  event::Loop& loop_;
  supervise::Supervisor& supervisor_;
  kernel::UeventSocket uevents_;
  kernel::LinkMonitor links_;
  boot::NetworkPlan plan_;
  Carriers carriers_;
  std::optional<event::Loop::TimerId> carrier_timer_;
  std::optional<event::Loop::TimerId> devices_timer_;
  std::map<std::string, std::string> macs_;  // of the links that are or were Ethernet
  std::set<std::string> started_;            // links whose units have been started
  std::function<void()> watchdog_came_;
};

/// The triggers that one uevent stands for, "uevent:block" and so on. Virtual block devices (loop, zram) give none.
[[nodiscard]] std::set<std::string> triggers_of(const kernel::Uevent& event);

}  // namespace uebo::init
