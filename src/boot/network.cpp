// Every Ethernet link is brought up, and the VLANs that uebo.net names are made; PID 1 sees their carriers and starts
// who gives them addresses.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "uebo/base/file.hpp"
#include "uebo/boot/link_routes.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::boot {
namespace {

/// What kernels without IPv6, or older ones, do not have is no fault.
void set_parameter(const std::string& family, const std::string& link, const std::string& name, unsigned value) {
  const auto set =
      write_kernel_file(fmt::format("/proc/sys/net/{}/conf/{}/{}", family, link, name), std::to_string(value));
  if (!set && set.error().code != ENOENT) spdlog::warn("{}", set.error().message());
}

/// Before the link is up: from then on routers are listened to.
void tune(const std::string& link, unsigned metric, bool off) {
  // A link without a carrier gives way to the next one, whoever has set its routes.
  for (const char* family : {"ipv4", "ipv6"}) set_parameter(family, link, "ignore_routes_with_linkdown", 1);
  set_parameter("ipv6", link, "ra_defrtr_metric", metric);
  // A router that comes late may say nothing for long: an hour is the kernel's own longest pause between two questions.
  set_parameter("ipv6", link, "router_solicitation_max_interval", 60);
  if (off) set_parameter("ipv6", link, "accept_ra", 0);
}

/// Each failure is told where it happens: the others are tried all the same.
bool succeeded(const Result<>& result) {
  if (!result) spdlog::error("{}", result.error().message());
  return result.has_value();
}

/// The module may be gone with /lib/modules when the device appears, so it is loaded at once.
Result<> load_vlan_module() {
  auto modules = UEBO_TRY(kernel::Modules::open());
  UEBO_TRY(modules.load("8021q"));
  return {};
}

Result<bool> make_vlans(const NetworkPlan& plan) {
  const auto vlans = plan.vlans();
  if (vlans.empty()) return true;
  // Built in, or not to be had: then the kernel says so.
  if (const auto loaded = load_vlan_module(); !loaded) spdlog::debug("{}", loaded.error().message());
  const auto links = UEBO_TRY(kernel::links());
  const auto is_there = [&](const std::string& name) {
    return std::ranges::find(links, name, &kernel::Link::name) != links.end();
  };
  bool good = true;
  for (const auto& [name, vlan] : vlans)
    if (is_there(vlan.parent) && !is_there(name)) good &= succeeded(kernel::add_vlan(vlan.parent, name, vlan.id));
  return good;
}

Result<bool> bring_up(const NetworkPlan& plan) {
  const auto links = UEBO_TRY(kernel::links());
  std::vector<std::string> raised;
  bool good = true;
  for (const kernel::Link& link : links) {
    if (link.up || (!link.ethernet && link.name != "lo")) continue;
    if (link.ethernet) tune(link.name, route_metric(links, link.name), plan.is_off(link.name));
    if (succeeded(kernel::set_link_up(link.name)))
      raised.push_back(link.name);
    else
      good = false;
  }
  if (!raised.empty()) spdlog::info("{} up", fmt::join(raised, ", "));
  return good;
}

}  // namespace

int network_role(std::span<const std::string_view>) {
  const auto arguments = config::load_kernel_args();
  const NetworkPlan plan = arguments ? NetworkPlan(*arguments) : NetworkPlan();
  const auto vlans = make_vlans(plan);
  const auto up = bring_up(plan);
  for (const auto& result : {vlans, up})
    if (!result) spdlog::error("{}", result.error().message());
  return vlans.value_or(false) && up.value_or(false) ? 0 : 1;
}

}  // namespace uebo::boot
