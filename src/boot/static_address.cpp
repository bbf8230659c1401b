// The addresses that uebo.net gives a link: set while the link has a carrier, as a DHCP lease is.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <csignal>

#include "uebo/boot/lease.hpp"
#include "uebo/boot/link_routes.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/server_lists.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {
namespace {

using config::NetworkSetting;

void note(const Result<>& result) {
  if (!result) spdlog::warn("{}", result.error().message());
}

class StaticAddresses {
 public:
  StaticAddresses(std::string link, std::vector<NetworkSetting> settings)
      : link_(std::move(link)), holder_(static_holder(link_)), settings_(std::move(settings)) {}

  /// Each is tried, whatever becomes of the others.
  Result<> set() const {
    const UniqueFd lock = lock_server_lists();
    Result<> result;
    std::vector<std::string> shown;
    for (const NetworkSetting& setting : settings_) {
      if (const auto done = set_one(setting); done)
        shown.push_back(fmt::format("{}/{}", setting.address->text(), setting.prefix));
      else
        result = done;
    }
    if (shown.empty()) return result;
    note(result);
    note(keep_servers(holder_, server_lists(settings_)));
    const std::string text = fmt::format("{} {}", link_, fmt::join(shown, ", "));
    spdlog::info("{}", text);
    // Of an IPv6 address it is not known yet whether somebody else has it: ipv6@ tells when it can be used.
    return has_ipv4(settings_) ? set_condition(config::kNet, holder_, text) : Result<>();
  }

  void remove() const {
    const UniqueFd lock = lock_server_lists();
    note(clear_condition(config::kNet, holder_));
    if (const auto forgotten = forget_servers(holder_); !forgotten) spdlog::warn("{}", forgotten.error().message());
    for (const NetworkSetting& setting : settings_)
      note(kernel::remove_address(link_, *setting.address, setting.prefix));
  }

 private:
  Result<> set_one(const NetworkSetting& setting) const {
    UEBO_TRY(kernel::add_address(link_, *setting.address, setting.prefix));
    if (setting.gateway) note(kernel::set_default_route(link_, setting.gateway->text(), route_metric(link_)));
    return {};
  }

  std::string link_;
  std::string holder_;
  std::vector<NetworkSetting> settings_;
};

Result<> hold(const std::string& link, std::vector<NetworkSetting> settings) {
  const UniqueFd signals = UEBO_TRY(event::signal_descriptor({SIGTERM}));
  const StaticAddresses addresses(link, std::move(settings));
  const auto set = addresses.set();
  pollfd told{.fd = signals.get(), .events = POLLIN, .revents = 0};
  if (set)
    while (poll(&told, 1, -1) < 0 && errno == EINTR) continue;
  addresses.remove();
  return set;
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
