// The addresses that uebo.net gives a link: set while the link has a carrier, as a DHCP lease is.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "note.hpp"
#include "uebo/base/clock.hpp"
#include "uebo/boot/duplicate_check.hpp"
#include "uebo/boot/lease.hpp"
#include "uebo/boot/link_routes.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/server_lists.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/ipv6.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {
namespace {

using config::NetworkSetting;

class StaticAddresses {
 public:
  StaticAddresses(std::string link, std::vector<NetworkSetting> settings)
      : link_(std::move(link)), holder_(static_holder(link_)), settings_(std::move(settings)) {}

  /// Each is tried, whatever becomes of the others. An IPv6 address may turn out to be somebody else's later.
  Result<> set() {
    const UniqueFd lock = lock_server_lists();
    std::vector<IpAddress> unchecked;
    std::vector<std::string> shown;
    for (const NetworkSetting& setting : settings_) {
      if (const auto done = set_one(setting); !done) {
        spdlog::error("{}", done.error().message());
        continue;
      }
      shown.push_back(fmt::format("{}/{}", setting.address->text(), setting.prefix));
      if (setting.address->is_ipv6())
        unchecked.push_back(*setting.address);
      else
        in_use_.push_back(shown.back());
    }
    if (shown.empty()) return fail(0, "set any address of", link_, "see the lines above");
    note(keep_servers(holder_, server_lists(settings_)));
    spdlog::info("{} {}", link_, fmt::join(shown, ", "));
    check_ = DuplicateCheck(std::move(unchecked));
    return in_use_.empty() ? Result<>() : announce();
  }

  /// IPv6 addresses that may turn out to be usable, or somebody else's.
  [[nodiscard]] bool waits() const { return !check_.open().empty(); }

  /// It holds `net` for IPv6 as well: who needs the network is stopped before the address goes.
  Result<> take(const kernel::Ipv6News& news) {
    for (const kernel::Ipv6Address& address : news.addresses) {
      const auto finding = check_.see(address);
      if (finding == DuplicateCheck::Finding::Taken)
        spdlog::error("{} of uebo.net can't be used on {}: another node has it already", address.address.text(), link_);
      if (finding != DuplicateCheck::Finding::Usable) continue;
      in_use_.push_back(fmt::format("{}/{}", address.address.text(), address.prefix));
      UEBO_TRY(announce());
    }
    return {};
  }

  void tell_wait(std::chrono::seconds past) const {
    for (const IpAddress& address : check_.open())
      spdlog::warn("{} can't be used on {} yet, after {} s: waiting for duplicate address detection", address.text(),
                   link_, past.count());
  }

  void remove() const {
    const UniqueFd lock = lock_server_lists();
    note(clear_condition(config::kNet, holder_));
    if (const auto forgotten = forget_servers(holder_); !forgotten) spdlog::warn("{}", forgotten.error().message());
    for (const NetworkSetting& setting : settings_)
      note(kernel::remove_address(link_, *setting.address, setting.prefix));
  }

 private:
  Result<> announce() const {
    return set_condition(config::kNet, holder_, fmt::format("{} {}", link_, fmt::join(in_use_, ", ")));
  }

  Result<> set_one(const NetworkSetting& setting) const {
    UEBO_TRY(kernel::add_address(link_, *setting.address, setting.prefix));
    if (setting.gateway) note(kernel::set_default_route(link_, setting.gateway->text(), route_metric(link_)));
    return {};
  }

  std::string link_;
  std::string holder_;
  std::vector<NetworkSetting> settings_;
  std::vector<std::string> in_use_;
  DuplicateCheck check_{{}};
};

Result<> read_news(kernel::Ipv6Monitor& monitor, StaticAddresses& addresses) {
  const auto news = monitor.receive();
  if (news) return addresses.take(*news);
  if (news.error().code != ENOBUFS) spdlog::warn("{}", news.error().message());
  return monitor.request_dump();
}

/// Until SIGTERM. What becomes of IPv6 addresses is followed while that is open, and told when it takes long.
Result<> follow_until_end(const UniqueFd& signals, const std::string& link, StaticAddresses& addresses) {
  constexpr std::chrono::seconds patience{30};
  std::optional<kernel::Ipv6Monitor> monitor;
  if (addresses.waits()) monitor = UEBO_TRY(kernel::Ipv6Monitor::open(link));
  const TimePoint patience_ends = BootClock::now() + patience;
  bool told = false;
  std::array<pollfd, 2> watched{pollfd{.fd = signals.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = -1, .events = POLLIN, .revents = 0}};
  while (watched[0].revents == 0) {
    if (!addresses.waits()) monitor.reset();
    watched[1].fd = monitor ? monitor->fd() : -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(patience_ends - BootClock::now());
    const int timeout = monitor && !told ? static_cast<int>(std::max<std::int64_t>(left.count(), 0)) : -1;
    const int ready = poll(watched.data(), watched.size(), timeout);
    if (ready < 0 && errno != EINTR) return errno_error("wait for the end of", "static addresses");
    if (ready == 0) {
      addresses.tell_wait(patience);
      told = true;
    }
    if (monitor && watched[1].revents != 0) UEBO_TRY(read_news(*monitor, addresses));
    if (monitor && monitor->owes_error()) UEBO_TRY(read_news(*monitor, addresses));
  }
  return {};
}

Result<> hold(const std::string& link, std::vector<NetworkSetting> settings) {
  const UniqueFd signals = UEBO_TRY(event::signal_descriptor({SIGTERM}));
  StaticAddresses addresses(link, std::move(settings));
  auto held = addresses.set();
  if (held) held = follow_until_end(signals, link, addresses);
  addresses.remove();
  return held;
}

}  // namespace

int static_address_role(std::span<const std::string_view> arguments) {
  std::vector<NetworkSetting> settings;
  bool good = arguments.size() >= 2 && is_link_name(arguments[0]);
  for (std::size_t index = 1; good && index < arguments.size(); ++index) {
    auto setting = config::parse_network_setting(arguments[index]);
    good = setting && setting->address;
    if (good) settings.push_back(std::move(*setting));
  }
  if (!good) {
    spdlog::error("usage: uebo static-address LINK ADDRESS..., each as uebo.net has it");
    return 2;
  }
  const auto held = hold(std::string(arguments[0]), std::move(settings));
  if (held) return 0;
  spdlog::error("{}", held.error().message());
  return 1;
}

}  // namespace uebo::boot
