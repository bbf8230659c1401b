// Who gives a link its addresses: what uebo.net says of it, and DHCP and router advertisements where it says nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "uebo/boot/server_lists.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/network_setting.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::boot {

/// The settings of uebo.net that have an address, as they were given, and what else is to be done about a link.
struct LinkPlan {
  bool dhcp = true;
  bool router_advertisements = true;
  std::vector<std::string> addresses;
  bool dhcp_left_out = false;  // asked for beside a fixed IPv4 address, whose place a lease would take
  bool operator==(const LinkPlan&) const = default;
};

class NetworkPlan {
 public:
  NetworkPlan() = default;
  explicit NetworkPlan(const config::KernelArgs& arguments);

  /// To be asked when a link has its first carrier: the first one that no setting names and that is no VLAN takes the
  /// settings that name none. The answer for a link stays the same from then on.
  [[nodiscard]] LinkPlan plan_for(const std::string& link);

  /// The devices that settings name, each once.
  [[nodiscard]] std::set<std::string> devices() const;
  /// VLANs that settings name, by the names of their devices.
  [[nodiscard]] std::map<std::string, config::Vlan> vlans() const;
  /// Settings leave it without any address.
  [[nodiscard]] bool is_off(const std::string& link) const;
  /// The first host name of a setting, for a node without uebo.hostname.
  [[nodiscard]] std::optional<std::string> host_name() const;

 private:
  struct Entry {
    std::string text;
    config::NetworkSetting setting;
  };
  [[nodiscard]] bool is_named(const std::string& link) const;
  [[nodiscard]] std::vector<const Entry*> entries_of(const std::string& device) const;

  std::vector<Entry> entries_;
  std::optional<std::string> first_link_;
};

/// The units that carry a plan out. Those of templates (dhcp@, ipv6@) by their names, the others whole.
struct LinkUnits {
  std::vector<std::string> instances;
  std::vector<config::ServiceSpec> units;
};
[[nodiscard]] LinkUnits units_of(const std::string& link, const LinkPlan& plan,
                                 const std::string& program = "/sbin/uebo");

/// Every holder of `net` that a link may have: who lost its carrier lost them.
[[nodiscard]] std::vector<std::string> address_holders(const std::string& link);
[[nodiscard]] std::string static_holder(const std::string& link);

[[nodiscard]] ServerLists server_lists(const std::vector<config::NetworkSetting>& settings);

}  // namespace uebo::boot
