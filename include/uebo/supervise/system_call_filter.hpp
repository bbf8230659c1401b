// What a sandboxed service may not ask of the kernel: a seccomp(2) filter, in classic BPF, as
// Documentation/userspace-api/seccomp_filter describes it. It goes by the numbers of the native ABI and of the 32-bit
// one that the same kernel serves: a filter for one of the two alone would be none.
#pragma once

#include <linux/filter.h>

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "uebo/config/sandbox.hpp"

namespace uebo::supervise {

enum class Abi { X86_64, I386, Aarch64, Arm };
inline constexpr std::size_t kAbis = 4;

/// That of this binary.
[[nodiscard]] Abi native_abi();

/// A call that is refused with EPERM, whatever its arguments are.
struct DeniedCall {
  std::string_view name;
  std::array<int, kAbis> numbers;  // in the order of Abi; -1: it has no such call
  int capability;                  // who keeps it may make the call; -1: nobody may
  [[nodiscard]] constexpr int number(Abi abi) const { return numbers[static_cast<std::size_t>(abi)]; }
};
[[nodiscard]] std::span<const DeniedCall> denied_calls();

/// The program for a process of a kernel whose native ABI is `native`. Beside denied_calls() it refuses
///  - new namespaces by clone(2) and unshare(2); clone3(2), whose flags it can't see, is ENOSYS, which libc takes well;
///  - sockets that are raw, and all but unix, IPv4, IPv6 and netlink ones. i386's socketcall(2), whose arguments it
///    can't see, makes none at all;
///  - x32's numbers (ENOSYS). A process of yet another ABI is killed.
/// A capability in `kept` keeps the calls that are of no use without it.
[[nodiscard]] std::vector<sock_filter> system_call_filter(Abi native, config::CapabilitySet kept);

}  // namespace uebo::supervise
