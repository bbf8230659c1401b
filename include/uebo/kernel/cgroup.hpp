// Control groups, version 2 (admin-guide/cgroup-v2). One group for each run of a service, made before the clone and
// removed when it is empty, so that counters never carry over from one run to the next.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

/// Of memory.events, Documentation/admin-guide/cgroup-v2.rst.
struct MemoryEvents {
  std::uint64_t oom = 0;       // times that the group was at its own limit, with nothing to give back
  std::uint64_t oom_kill = 0;  // its processes that were killed for want of memory, be it of the group or of all
};

class Cgroup {
 public:
  /// Makes (or takes over) the group at `path` and opens it.
  [[nodiscard]] static Result<Cgroup> create(const std::string& path);
  /// Opens a group that is there. ENOENT: it is not.
  [[nodiscard]] static Result<Cgroup> open(const std::string& path);

  /// For CLONE_INTO_CGROUP.
  [[nodiscard]] int directory() const { return directory_.get(); }
  /// cgroup.events: shows EPOLLPRI when "populated" changes; read it anew with populated().
  [[nodiscard]] int events() const { return events_.get(); }
  [[nodiscard]] Result<bool> populated() const;
  /// SIGKILL to every process in it, by cgroup.kill.
  [[nodiscard]] Result<> kill() const;
  /// `signal` to every process in it, by its cgroup.procs.
  [[nodiscard]] Result<> signal(int signal) const;
  /// Those of this pid namespace, by its cgroup.procs.
  [[nodiscard]] Result<std::vector<pid_t>> processes() const;
  /// Writes one of the group's interface files: "memory.max", "pids.max", "cpu.weight", ... Without its controller the
  /// file is not there (ENOENT), which the caller may log.
  [[nodiscard]] Result<> set(const std::string& file, std::string_view value) const;
  /// memory.current and memory.peak (since Linux 5.19) in bytes, and cpu.stat's usage; none where the controller is
  /// missing.
  [[nodiscard]] std::optional<std::uint64_t> memory_current() const;
  [[nodiscard]] std::optional<std::uint64_t> memory_peak() const;
  [[nodiscard]] std::optional<std::chrono::microseconds> cpu_usage() const;
  [[nodiscard]] MemoryEvents memory_events() const;
  /// A descriptor that shows EPOLLPRI, once in a window at most, when all of its processes waited for memory at the
  /// same time for `stall` of a window, and EPOLLERR when the group has gone (Documentation/accounting/psi.rst, "full";
  /// a window is a multiple of 2 s without CAP_SYS_RESOURCE). ENOENT or EOPNOTSUPP: the kernel keeps no such accounts.
  [[nodiscard]] Result<UniqueFd> memory_stall_trigger(std::chrono::microseconds stall,
                                                      std::chrono::microseconds window) const;
  /// Removes the group, its empty children first. EBUSY while it is populated.
  [[nodiscard]] Result<> remove();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd directory_;
  UniqueFd events_;
};

/// Enables those of memory, cpu, io and pids that `path` offers for its children. Returns what could be enabled.
[[nodiscard]] Result<std::string> enable_controllers(const std::string& path);

}  // namespace uebo::kernel
