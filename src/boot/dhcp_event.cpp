// udhcpc's script. What each lease says lies in /run/uebo/leases/LINK, and the files that programs read are made of all
// of them, so that a second link that comes or goes takes nothing from the first.
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/lease.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kResolverFile = "/etc/resolv.conf";
constexpr unsigned kRouteMetric = 100;  // and the link's index: the first link's route wins

std::optional<std::string> from_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

/// The address is the DHCP client's: who needs the network stops before it does.
std::string holder_of(const std::string& link) { return "dhcp@" + link; }

std::string directory_of(const std::string& link) { return std::string(kLeaseDirectory) + "/" + link; }

/// What all leases say in their file `name`, in the order of the links' names.
std::vector<std::string> of_all_leases(const std::string& name) {
  std::error_code error;
  std::vector<std::string> links;
  for (std::filesystem::directory_iterator entry(kLeaseDirectory, error), end; !error && entry != end;
       entry.increment(error))
    links.push_back(entry->path().string());
  std::ranges::sort(links);
  std::vector<std::string> contents;
  for (const std::string& link : links)
    if (auto content = read_file(link + "/" + name, 64 * 1024); content) contents.push_back(std::move(*content));
  return contents;
}

Result<> write_shared_files() {
  UEBO_TRY(replace_file(kResolverFile, resolver_file(of_all_leases("resolver")), 0644));
  std::string servers;
  for (const std::string& lines : of_all_leases("time-servers")) servers += lines;
  return replace_file(kNtpServersFile, servers, 0644);
}

unsigned metric_of(const std::string& link) {
  const auto links = kernel::links();
  if (!links) return kRouteMetric;
  const auto found = std::ranges::find(*links, link, &kernel::Link::name);
  return found == links->end() ? kRouteMetric : kRouteMetric + static_cast<unsigned>(found->index);
}

/// Two links may get their leases at the same moment, and both write what all leases say together.
UniqueFd lock_leases() {
  if (const auto made = make_directories(kLeaseDirectory); !made) return {};
  UniqueFd lock(open(kLeaseDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock) flock(lock.get(), LOCK_EX);
  return lock;
}

void note(const Result<>& result) {
  if (!result) spdlog::warn("{}", result.error().message());
}

/// An address is a lease that can be used: whatever else of it can't be had costs a line.
Result<> take_lease(const Lease& lease) {
  const UniqueFd lock = lock_leases();
  UEBO_TRY(kernel::set_address(lease.link, lease.address, lease.prefix));
  if (!lease.routers.empty()) note(kernel::set_default_route(lease.link, lease.routers.front(), metric_of(lease.link)));
  std::string servers;
  for (const std::string& server : lease.time_servers) servers += server + "\n";
  note(make_directories(directory_of(lease.link)));
  note(replace_file(directory_of(lease.link) + "/resolver", resolver_lines(lease), 0644));
  note(replace_file(directory_of(lease.link) + "/time-servers", servers, 0644));
  note(write_shared_files());
  return set_condition(config::kNet, holder_of(lease.link), lease.text());
}

/// Also what udhcpc says first, when there is nothing to forget. The link itself may be gone by now.
Result<> drop_lease(const std::string& link) {
  const UniqueFd lock = lock_leases();
  std::error_code error;
  const bool had_one = std::filesystem::remove_all(directory_of(link), error) > 0 && !error;
  if (had_one) {
    spdlog::warn("{} has lost its address", link);
    note(clear_condition(config::kNet, holder_of(link)));
    note(write_shared_files());
  }
  const auto flushed = kernel::flush_addresses(link);
  if (!flushed && flushed.error().code == ENODEV) return {};
  UEBO_TRY(flushed);
  return kernel::set_link_up(link);
}

Result<> handle(std::string_view event) {
  if (event == "bound" || event == "renew") {
    const Lease lease = UEBO_TRY(parse_lease(from_environment));
    UEBO_TRY(take_lease(lease));
    if (event == "bound") spdlog::info("{}", lease.text());
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
