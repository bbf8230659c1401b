// What a service is kept from: the object `sandbox` of its file, and what that comes to for the user that it runs as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uebo::config {

/// Capabilities by their numbers (capabilities(7), <linux/capability.h>), as bits.
struct CapabilitySet {
  std::uint64_t bits = 0;
  [[nodiscard]] constexpr bool has(unsigned capability) const { return ((bits >> capability) & 1U) != 0; }
  bool operator==(const CapabilitySet&) const = default;
};
inline constexpr CapabilitySet kAllCapabilities{.bits = ~std::uint64_t{0}};

/// The number of "CAP_NET_RAW"; none for a name that capabilities(7) doesn't have.
[[nodiscard]] std::optional<unsigned> find_capability(std::string_view name);

/// Default: uebo/supervise/system_call_filter.hpp.
enum class SystemCallFilter { Off, Default };

/// As the file has it. What it doesn't say follows from the user.
struct SandboxSettings {
  std::optional<bool> no_new_privs;
  std::optional<CapabilitySet> capabilities;  // that are kept
  std::optional<bool> protect_system;
  std::vector<std::string> read_write_paths;
  std::optional<bool> protect_storage;
  std::optional<bool> private_tmp;
  std::optional<bool> private_devices;
  std::optional<bool> protect_proc;
  std::optional<SystemCallFilter> system_call_filter;
  bool operator==(const SandboxSettings&) const = default;
};

/// What a process gets.
struct Sandbox {
  bool no_new_privs = false;
  CapabilitySet capabilities = kAllCapabilities;
  bool protect_system = false;
  std::vector<std::string> read_write_paths;
  bool protect_storage = false;
  bool private_tmp = false;
  bool private_devices = false;
  bool protect_proc = false;
  SystemCallFilter system_call_filter = SystemCallFilter::Off;
  bool operator==(const Sandbox&) const = default;
};

/// Every part is on for a user that isn't root, and off for root, unless the file says otherwise.
[[nodiscard]] Sandbox sandbox_for(const SandboxSettings& settings, bool root);

/// What is wrong with settings that don't go together; empty when all is well.
[[nodiscard]] std::string contradiction(const Sandbox& sandbox, bool root);

}  // namespace uebo::config
