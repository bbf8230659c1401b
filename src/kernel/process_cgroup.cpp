#include "uebo/kernel/process_cgroup.hpp"

#include "uebo/base/file.hpp"

namespace uebo::kernel {

std::optional<std::string> cgroup_of(pid_t pid) {
  constexpr std::string_view v2 = "0::";
  const auto text = read_file("/proc/" + std::to_string(pid) + "/cgroup", 64 << 10);
  if (!text) return std::nullopt;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (line.starts_with(v2)) return std::string(line.substr(v2.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

Membership membership(pid_t pid, std::string_view cgroup) {
  if (pid <= 0) return Membership::Stranger;
  const auto path = cgroup_of(pid);
  if (!path) return Membership::Gone;
  const bool inside = path->starts_with(cgroup) && (path->size() == cgroup.size() || (*path)[cgroup.size()] == '/');
  return inside && !cgroup.empty() ? Membership::Member : Membership::Stranger;
}

}  // namespace uebo::kernel
