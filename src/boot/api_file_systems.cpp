#include <spdlog/spdlog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "note.hpp"
#include "uebo/base/file.hpp"
#include "uebo/boot/inline_steps.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/cgroup.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kSentinel = "/.complete";
constexpr const char* kCgroupMount = "/sys/fs/cgroup";
constexpr const char* kServiceCgroups = "/sys/fs/cgroup/uebo";

struct ApiFileSystem {
  const char* type;
  const char* target;
  unsigned long flags;
  const char* options;
};

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV;
// In order: those further down lie within those above.
constexpr std::array kFileSystems{
    ApiFileSystem{"proc", "/proc", kPlain | MS_NOEXEC, ""},
    ApiFileSystem{"sysfs", "/sys", kPlain | MS_NOEXEC, ""},
    ApiFileSystem{"devtmpfs", "/dev", MS_NOSUID, "mode=0755"},
    ApiFileSystem{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666"},
    ApiFileSystem{"tmpfs", "/dev/shm", kPlain, "mode=1777,size=25%"},
    ApiFileSystem{"tmpfs", "/run", kPlain, "mode=0755,size=16m"},
    ApiFileSystem{"tmpfs", "/tmp", kPlain, "mode=1777,size=8m"},
    ApiFileSystem{"tmpfs", "/var/log", kPlain | MS_NOEXEC, "mode=0755,size=32m"},
    ApiFileSystem{"cgroup2", kCgroupMount, kPlain | MS_NOEXEC, ""},
};

struct KernelSetting {
  const char* path;
  std::string_view value;
};

constexpr std::array kSettings{
    // The log holds the command line and with it its secrets.
    KernelSetting{"/proc/sys/kernel/dmesg_restrict", "1"},
    // A process may be looked into by its own parents alone: tasks share one user with the BOINC client.
    KernelSetting{"/proc/sys/kernel/yama/ptrace_scope", "1"},
    // The console is PID 1's now: of the kernel only what is critical or worse.
    KernelSetting{"/proc/sys/kernel/printk", "3 4 1 3"},
    // Tasks are other people's programs: what they have no need of is shut, and a core is never written.
    KernelSetting{"/proc/sys/kernel/core_pattern", "|/bin/false"},
    KernelSetting{"/proc/sys/user/max_user_namespaces", "0"},
    KernelSetting{"/proc/sys/kernel/unprivileged_bpf_disabled", "1"},
    KernelSetting{"/proc/sys/kernel/perf_event_paranoid", "3"},
    KernelSetting{"/proc/sys/kernel/kptr_restrict", "2"},
    // What is still to be written bounds how long a shutdown takes: seconds on a slow card, not minutes.
    KernelSetting{"/proc/sys/vm/dirty_bytes", "33554432"},
    KernelSetting{"/proc/sys/vm/dirty_background_bytes", "8388608"},
    // BOINC does not sync what it downloads: a power cut leaves empty files of what is younger than this (30 s as it
    // comes),
    // and the tasks that need them are lost.
    KernelSetting{"/proc/sys/vm/dirty_expire_centisecs", "1000"},
    // Root writes to directories that services own.
    KernelSetting{"/proc/sys/fs/protected_hardlinks", "1"},
    KernelSetting{"/proc/sys/fs/protected_symlinks", "1"},
};

void mount_all() {
  for (const ApiFileSystem& fs : kFileSystems) {
    note(make_directories(fs.target));
    note(kernel::mount_api(fs.type, fs.target, fs.flags, fs.options));
  }
  note(make_directories(kRunDirectory));
}

/// devtmpfs holds devices alone.
void link_descriptors() {
  constexpr std::array<std::array<const char*, 2>, 4> links{{{"/proc/self/fd", "/dev/fd"},
                                                             {"/proc/self/fd/0", "/dev/stdin"},
                                                             {"/proc/self/fd/1", "/dev/stdout"},
                                                             {"/proc/self/fd/2", "/dev/stderr"}}};
  for (const auto& [target, path] : links)
    if (symlink(target, path) != 0 && errno != EEXIST) note(errno_error("link", path));
}

void enable_cgroups() {
  for (const char* path : {kCgroupMount, kServiceCgroups}) {
    note(make_directories(path));
    const auto enabled = kernel::enable_controllers(path);
    if (!enabled) spdlog::warn("{}", enabled.error().message());
  }
}

void set_kernel() {
  for (const KernelSetting& setting : kSettings) note(write_kernel_file(setting.path, setting.value));
  // What was in use within the last second stays in memory, and whoever leaves no room for that is killed: after 2 s
  // and not 3 to 5, with the other services answering meanwhile (admin-guide/mm/multigen_lru.rst).
  constexpr const char* min_ttl = "/sys/kernel/mm/lru_gen/min_ttl_ms";  // with CONFIG_LRU_GEN
  if (access(min_ttl, F_OK) == 0) note(write_kernel_file(min_ttl, "1000"));
  // The backstop if PID 1 dies. `panic=` on the command line has its way.
  constexpr const char* panic = "/proc/sys/kernel/panic";
  const auto now = read_file(panic);
  if (now && trim(*now) == "0") note(write_kernel_file(panic, "10"));
}

}  // namespace

Result<> api_file_systems() {
  // First of all, so that whatever is mounted from now on is shared as well.
  note(kernel::make_shared_recursively("/"));
  mount_all();
  link_descriptors();
  enable_cgroups();
  set_kernel();
  // A tmpfs is made with 1777, and an archive without an entry for its root leaves it so.
  if (chmod("/", 0755) != 0) note(errno_error("chmod", "/"));
  if (access(kSentinel, F_OK) != 0) return fail(0, "the initramfs did not unpack completely", "", "RAM too small?");
  return {};
}

}  // namespace uebo::boot
