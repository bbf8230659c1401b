// Every Ethernet link is brought up; PID 1 sees its carrier and starts the DHCP client for it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "uebo/boot/roles.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {

int network_role(std::span<const std::string_view>) {
  const auto links = kernel::links();
  if (!links) {
    spdlog::error("{}", links.error().message());
    return 1;
  }
  std::vector<std::string> raised;
  bool failed = false;
  for (const kernel::Link& link : *links) {
    if (link.up || (!link.ethernet && link.name != "lo")) continue;
    if (const auto up = kernel::set_link_up(link.name); up) {
      raised.push_back(link.name);
    } else {
      spdlog::error("{}", up.error().message());
      failed = true;
    }
  }
  if (!raised.empty()) spdlog::info("{} up", fmt::join(raised, ", "));
  return failed ? 1 : 0;
}

}  // namespace uebo::boot
