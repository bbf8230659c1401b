// udhcpc's script: takes and drops leases.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "note.hpp"
#include "uebo/base/file.hpp"
#include "uebo/boot/lease.hpp"
#include "uebo/boot/link_routes.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/server_lists.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {
namespace {

std::optional<std::string> from_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

/// The address is the DHCP client's: who needs the network stops before it does.
std::string holder_of(const std::string& link) { return "dhcp@" + link; }

/// None: what the link had of its own. Some drivers reset the device for it, so nothing is done where nothing changes.
Result<> use_mtu(const std::string& link, std::optional<unsigned> wanted) {
  const unsigned present = UEBO_TRY(kernel::find_link(link)).mtu;
  const std::string file = std::string(kOwnMtuDirectory) + "/" + link;
  const auto own = parse_mtu(read_file(file, 16).value_or(""));
  const unsigned target = wanted.value_or(own.value_or(present));
  if (target == present) return {};
  if (!own) {
    UEBO_TRY(make_directories(kOwnMtuDirectory));
    UEBO_TRY(replace_file(file, std::to_string(present), 0644));
  }
  UEBO_TRY(kernel::set_mtu(link, target));
  spdlog::info("{}: MTU {}", link, target);
  return {};
}

/// A renewed lease may name no router any more.
Result<> use_router(const Lease& lease) {
  const unsigned metric = route_metric(lease.link);
  if (lease.routers.empty()) return kernel::remove_default_route(lease.link, metric);
  return kernel::set_default_route(lease.link, lease.routers.front(), metric);
}

/// An address is a lease that can be used: whatever else of it can't be had costs a line.
Result<> take_lease(const Lease& lease) {
  const UniqueFd lock = lock_server_lists();
  note(use_mtu(lease.link, lease.mtu));
  UEBO_TRY(kernel::set_address(lease.link, lease.address, lease.prefix));
  note(use_router(lease));
  note(keep_servers(holder_of(lease.link), {.resolver = resolver_lines(lease), .time_servers = lease.time_servers}));
  return {};
}

/// PID 1 may be busy, or have as many clients as it takes; that nobody listens will not change within seconds.
Result<> announce(const Lease& lease) {
  constexpr int tries = 5;
  for (int turn = 1;; ++turn) {
    const auto set = set_condition(config::kNet, holder_of(lease.link), lease.text());
    if (set || turn == tries || set.error().code == ENOENT) return set;
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
}

/// Also what udhcpc says first, when there is nothing to forget. The link itself may be gone by now.
Result<> drop_lease(const std::string& link) {
  const UniqueFd lock = lock_server_lists();
  note(clear_condition(config::kNet, holder_of(link)));
  const auto had_one = forget_servers(holder_of(link));
  if (!had_one) spdlog::warn("{}", had_one.error().message());
  if (had_one.value_or(false)) spdlog::warn("{} has lost its address", link);
  const auto flushed = kernel::flush_addresses(link);
  if (!flushed && flushed.error().code == ENODEV) return {};
  UEBO_TRY(flushed);
  note(use_mtu(link, std::nullopt));
  return kernel::set_link_up(link);
}

/// The client takes such a lease for a good one and would rest until it runs out. It is ended instead: the supervisor
/// starts it anew, later each time, until a server says something better.
Result<> refuse_lease(const Error& why) {
  // Of a client that has died this is PID 1's child, and SIGTERM means a reboot to it.
  if (const pid_t client = getppid(); client != 1) kill(client, SIGTERM);
  return std::unexpected(why);
}

Result<> handle(std::string_view event) {
  if (event == "bound" || event == "renew") {
    const auto lease = parse_lease(from_environment);
    if (!lease) return refuse_lease(lease.error());
    if (const auto taken = take_lease(*lease); !taken) return refuse_lease(taken.error());
    note(announce(*lease));  // the address is in use, whoever hears of it
    if (event == "bound") spdlog::info("{}", lease->text());
    return {};
  }
  const std::string link = from_environment("interface").value_or("");
  if (!is_link_name(link)) return fail(0, "DHCP event", event, "no name of a link in $interface");
  if (event == "deconfig") return drop_lease(link);
  if (event == "leasefail")
    spdlog::warn("no DHCP server answers on {}", link);
  else if (event == "nak")
    spdlog::warn("the DHCP server refuses {}'s address: {}", link,
                 from_environment("message").value_or("no reason given"));
  return {};
}

}  // namespace

int dhcp_event_role(std::span<const std::string_view> arguments) {
  if (arguments.size() != 1) {
    spdlog::error("usage: uebo dhcp-event deconfig|bound|renew|leasefail|nak");
    return 2;
  }
  const auto handled = handle(arguments[0]);
  if (handled) return 0;
  spdlog::error("{}", handled.error().message());
  return 1;
}

}  // namespace uebo::boot
