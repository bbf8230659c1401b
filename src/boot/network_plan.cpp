#include "uebo/boot/network_plan.hpp"

#include <algorithm>

#include "uebo/config/conditions.hpp"

namespace uebo::boot {

using config::NetworkSetting;
using Way = NetworkSetting::Way;

NetworkPlan::NetworkPlan(const config::KernelArgs& arguments) {
  for (const std::string& text : arguments.all("uebo.net"))
    if (auto setting = config::parse_network_setting(text))
      entries_.push_back({.text = text, .setting = std::move(*setting)});
}

bool NetworkPlan::is_named(const std::string& link) const { return !entries_of(link).empty(); }

std::vector<const NetworkPlan::Entry*> NetworkPlan::entries_of(const std::string& device) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries_)
    if (entry.setting.device == device) found.push_back(&entry);
  return found;
}

LinkPlan NetworkPlan::plan_for(const std::string& link) {
  if (!first_link_ && !is_named(link) && !config::vlan_of(link)) first_link_ = link;
  const auto entries = entries_of(first_link_ == link ? "" : link);
  if (entries.empty()) return {};
  LinkPlan plan{.dhcp = false, .router_advertisements = false, .addresses = {}, .dhcp_left_out = false};
  bool ipv4 = false;
  for (const Entry* entry : entries) {
    plan.dhcp |= entry->setting.way == Way::Dhcp;
    plan.router_advertisements |= entry->setting.way != Way::Off;
    if (!entry->setting.address) continue;
    plan.addresses.push_back(entry->text);
    ipv4 |= !entry->setting.address->is_ipv6();
  }
  plan.dhcp_left_out = plan.dhcp && ipv4;
  plan.dhcp &= !ipv4;  // a lease takes the place of every other IPv4 address of its link
  return plan;
}

std::set<std::string> NetworkPlan::devices() const {
  std::set<std::string> found;
  for (const Entry& entry : entries_)
    if (!entry.setting.device.empty()) found.insert(entry.setting.device);
  return found;
}

std::map<std::string, config::Vlan> NetworkPlan::vlans() const {
  std::map<std::string, config::Vlan> found;
  for (const Entry& entry : entries_)
    if (auto vlan = config::vlan_of(entry.setting.device)) found.emplace(entry.setting.device, std::move(*vlan));
  return found;
}

bool NetworkPlan::is_off(const std::string& link) const {
  const auto entries = entries_of(link);
  return !entries.empty() &&
         std::ranges::all_of(entries, [](const Entry* entry) { return entry->setting.way == Way::Off; });
}

std::optional<std::string> NetworkPlan::host_name() const {
  for (const Entry& entry : entries_)
    if (!entry.setting.host_name.empty()) return entry.setting.host_name;
  return std::nullopt;
}

std::string static_holder(const std::string& link) { return "static@" + link; }

std::vector<std::string> address_holders(const std::string& link) {
  return {"dhcp@" + link, "ipv6@" + link, static_holder(link)};
}

LinkUnits units_of(const std::string& link, const LinkPlan& plan, const std::string& program) {
  LinkUnits result;
  if (plan.dhcp) result.instances.push_back("dhcp@" + link);
  if (plan.router_advertisements) result.instances.push_back("ipv6@" + link);
  if (plan.addresses.empty()) return result;
  config::ServiceSpec spec;
  spec.name = static_holder(link);
  spec.description = "Addresses of uebo.net on " + link;
  spec.command = {program, "static-address", link};
  spec.command.insert(spec.command.end(), plan.addresses.begin(), plan.addresses.end());
  spec.needs = {std::string(config::kLinkPrefix) + link};
  spec.longest_backoff = std::chrono::seconds(30);
  spec.stop.timeout = std::chrono::seconds(5);
  result.units.push_back(std::move(spec));
  return result;
}

ServerLists server_lists(const std::vector<NetworkSetting>& settings) {
  ServerLists lists;
  for (const NetworkSetting& setting : settings) {
    for (const IpAddress& server : setting.name_servers) lists.resolver += "nameserver " + server.text() + "\n";
    for (const IpAddress& server : setting.time_servers) lists.time_servers.push_back(server.text());
  }
  return lists;
}

}  // namespace uebo::boot
