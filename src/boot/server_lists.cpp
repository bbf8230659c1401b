#include "uebo/boot/server_lists.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "uebo/base/directory.hpp"
#include "uebo/base/file.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/text.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kResolverFile = "/etc/resolv.conf";
constexpr const char* kTimeClient = "ntpd";
constexpr std::size_t kLargestList = 64 * 1024;
constexpr std::size_t kMostNameServers = 3;  // MAXNS, resolv.conf(5)
constexpr std::array<std::string_view, 3> kKinds{"static@", "dhcp@", "ipv6@"};

std::size_t rank_of(std::string_view holder) {
  const auto kind = std::ranges::find_if(kKinds, [&](std::string_view name) { return holder.starts_with(name); });
  return static_cast<std::size_t>(kind - kKinds.begin());
}

std::string directory_of(const std::string& holder) { return std::string(kLeaseDirectory) + "/" + holder; }

/// What all holders say in their file `name`, in the order in which they count.
std::vector<std::string> of_all_holders(const std::string& name) {
  std::vector<std::string> holders;
  if (const auto entries = entries_of(kLeaseDirectory))
    for (const DirectoryEntry& entry : *entries) holders.push_back(entry.name);
  std::ranges::sort(holders, counts_before);
  std::vector<std::string> contents;
  for (const std::string& holder : holders)
    if (auto content = read_file(directory_of(holder) + "/" + name, kLargestList); content)
      contents.push_back(std::move(*content));
  return contents;
}

/// A client that runs has read the file when it began.
Result<> write_time_servers() {
  std::string servers;
  for (const std::string& lines : of_all_holders("time-servers")) servers += lines;
  const bool changed = read_file(kNtpServersFile, kLargestList).value_or("") != servers;
  UEBO_TRY(replace_file(kNtpServersFile, servers, 0644));
  if (!changed) return {};
  const auto restarted = restart_if_running(kTimeClient);
  if (!restarted) unlink(kNtpServersFile);  // so that the next one who writes it sees a change, and tries again
  return restarted;
}

Result<> write_shared_files() {
  UEBO_TRY(replace_file(kResolverFile, resolver_file(of_all_holders("resolver")), 0644));
  return write_time_servers();
}

}  // namespace

bool counts_before(std::string_view holder, std::string_view other) {
  return std::pair(rank_of(holder), holder) < std::pair(rank_of(other), other);
}

UniqueFd lock_server_lists() {
  if (const auto made = make_directories(kLeaseDirectory); !made) return {};
  UniqueFd lock(open(kLeaseDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock) flock(lock.get(), LOCK_EX);
  return lock;
}

Result<> keep_servers(const std::string& holder, const ServerLists& lists) {
  std::string servers;
  for (const std::string& server : lists.time_servers) servers += server + "\n";
  UEBO_TRY(make_directories(directory_of(holder)));
  UEBO_TRY(replace_file(directory_of(holder) + "/resolver", lists.resolver, 0644));
  UEBO_TRY(replace_file(directory_of(holder) + "/time-servers", servers, 0644));
  return write_shared_files();
}

Result<bool> forget_servers(const std::string& holder) {
  if (UEBO_TRY(remove_all(directory_of(holder))) == 0) return false;
  UEBO_TRY(write_shared_files());
  return true;
}

std::string resolver_file(const std::vector<std::string>& lines_of_holders) {
  std::vector<std::string> servers;
  std::string search;
  for (const std::string& lines : lines_of_holders)
    for (const std::string& line : split(lines, "\n")) {
      if (line.starts_with("search ") && search.empty()) search = line;
      const bool known = std::ranges::find(servers, line) != servers.end();
      if (line.starts_with("nameserver ") && !known && servers.size() < kMostNameServers) servers.push_back(line);
    }
  std::string file = search.empty() ? "" : search + "\n";
  for (const std::string& server : servers) file += server + "\n";
  return file;
}

}  // namespace uebo::boot
