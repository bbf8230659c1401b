#include "uebo/config/sandbox.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <array>

namespace uebo::config {
namespace {

// By number, as in <linux/capability.h>.
constexpr std::array<std::string_view, 41> kCapabilities{"CAP_CHOWN",
                                                         "CAP_DAC_OVERRIDE",
                                                         "CAP_DAC_READ_SEARCH",
                                                         "CAP_FOWNER",
                                                         "CAP_FSETID",
                                                         "CAP_KILL",
                                                         "CAP_SETGID",
                                                         "CAP_SETUID",
                                                         "CAP_SETPCAP",
                                                         "CAP_LINUX_IMMUTABLE",
                                                         "CAP_NET_BIND_SERVICE",
                                                         "CAP_NET_BROADCAST",
                                                         "CAP_NET_ADMIN",
                                                         "CAP_NET_RAW",
                                                         "CAP_IPC_LOCK",
                                                         "CAP_IPC_OWNER",
                                                         "CAP_SYS_MODULE",
                                                         "CAP_SYS_RAWIO",
                                                         "CAP_SYS_CHROOT",
                                                         "CAP_SYS_PTRACE",
                                                         "CAP_SYS_PACCT",
                                                         "CAP_SYS_ADMIN",
                                                         "CAP_SYS_BOOT",
                                                         "CAP_SYS_NICE",
                                                         "CAP_SYS_RESOURCE",
                                                         "CAP_SYS_TIME",
                                                         "CAP_SYS_TTY_CONFIG",
                                                         "CAP_MKNOD",
                                                         "CAP_LEASE",
                                                         "CAP_AUDIT_WRITE",
                                                         "CAP_AUDIT_CONTROL",
                                                         "CAP_SETFCAP",
                                                         "CAP_MAC_OVERRIDE",
                                                         "CAP_MAC_ADMIN",
                                                         "CAP_SYSLOG",
                                                         "CAP_WAKE_ALARM",
                                                         "CAP_BLOCK_SUSPEND",
                                                         "CAP_AUDIT_READ",
                                                         "CAP_PERFMON",
                                                         "CAP_BPF",
                                                         "CAP_CHECKPOINT_RESTORE"};
static_assert(kCapabilities[CAP_NET_RAW] == "CAP_NET_RAW" && kCapabilities[CAP_SYS_TIME] == "CAP_SYS_TIME" &&
              kCapabilities[CAP_BPF] == "CAP_BPF" && kCapabilities.back() == "CAP_CHECKPOINT_RESTORE");

}  // namespace

std::optional<unsigned> find_capability(std::string_view name) {
  const auto found = std::ranges::find(kCapabilities, name);
  if (found == kCapabilities.end()) return std::nullopt;
  return static_cast<unsigned>(found - kCapabilities.begin());
}

Sandbox sandbox_for(const SandboxSettings& settings, bool root) {
  return {.no_new_privs = settings.no_new_privs.value_or(!root),
          .capabilities = settings.capabilities.value_or(root ? kAllCapabilities : CapabilitySet{}),
          .protect_system = settings.protect_system.value_or(!root),
          .read_write_paths = settings.read_write_paths,
          .protect_storage = settings.protect_storage.value_or(!root),
          .private_tmp = settings.private_tmp.value_or(!root),
          .private_devices = settings.private_devices.value_or(!root),
          .protect_proc = settings.protect_proc.value_or(!root),
          .system_call_filter =
              settings.system_call_filter.value_or(root ? SystemCallFilter::Off : SystemCallFilter::Default)};
}

std::string contradiction(const Sandbox& sandbox, bool root) {
  // seccomp(2): a filter takes CAP_SYS_ADMIN or no_new_privs, lest it mislead a setuid program.
  if (sandbox.system_call_filter != SystemCallFilter::Off && !sandbox.no_new_privs)
    return "system_call_filter is on: expected no_new_privs to be true";
  if (!sandbox.read_write_paths.empty() && !sandbox.protect_system)
    return "read_write_paths are given: expected protect_system to be true";
  if (!root && sandbox.capabilities == kAllCapabilities)
    return "all capabilities are root's: expected the names of some";
  return {};
}

}  // namespace uebo::config
