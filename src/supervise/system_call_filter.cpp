#include "uebo/supervise/system_call_filter.hpp"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace uebo::supervise {
namespace {

// <linux/sched.h>, which <sched.h> doesn't go with.
constexpr std::uint32_t kNewTime = 0x80;
constexpr std::uint32_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t kX32 = 0x40000000;   // __X32_SYSCALL_BIT
constexpr std::uint32_t kSocketTypes = 0xf;  // SOCK_TYPE_MASK: without SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr std::uint32_t kSocketPacket = 10;  // SOCK_PACKET

// Numbers of calls that are refused for some arguments alone, in the order of Abi.
using Numbers = std::array<int, kAbis>;
constexpr Numbers kClone{56, 120, 220, 120};
constexpr Numbers kClone3{435, 435, 435, 435};
constexpr Numbers kUnshare{272, 310, 97, 337};
constexpr Numbers kSocket{41, 359, 198, 281};
constexpr int kSocketCall = 102;  // i386 alone

constexpr std::uint32_t audit_arch(Abi abi) {
  switch (abi) {
    case Abi::X86_64:
      return AUDIT_ARCH_X86_64;
    case Abi::I386:
      return AUDIT_ARCH_I386;
    case Abi::Aarch64:
      return AUDIT_ARCH_AARCH64;
    case Abi::Arm:
      return AUDIT_ARCH_ARM;
  }
  return 0;
}

std::vector<Abi> served_by(Abi native) {
  if (native == Abi::X86_64) return {Abi::X86_64, Abi::I386};
  if (native == Abi::Aarch64) return {Abi::Aarch64, Abi::Arm};
  return {native};
}

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;

/// The lower half of an argument: all of these machines are little endian, and the kernel looks at no more of flags,
/// families and types.
constexpr std::uint32_t argument(unsigned index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

/// Writes a program for one ABI. Jumps go a few instructions ahead, over what is told right behind them.
class Section {
 public:
  Section(Abi abi, config::CapabilitySet kept) : abi_(abi), kept_(kept) {}

  std::vector<sock_filter> write() {
    load(offsetof(seccomp_data, nr));
    // x32 shares its architecture with x86_64.
    if (abi_ == Abi::X86_64) answer_if(BPF_JGE, kX32, kUnknown);
    for (const DeniedCall& call : denied_calls())
      if (call.number(abi_) >= 0 && !keeps(call.capability))
        answer_if(BPF_JEQ, static_cast<std::uint32_t>(call.number(abi_)), kRefuse);
    if (!keeps(CAP_SYS_ADMIN)) {
      answer_if(BPF_JEQ, number(kClone3), kUnknown);
      // CLONE_NEWTIME's bit is a part of the signal here.
      refuse_flags(number(kClone), kNamespaces);
      refuse_flags(number(kUnshare), kNamespaces | kNewTime);
    }
    if (!keeps(CAP_NET_RAW)) refuse_sockets();
    answer(kAllow);
    return std::move(code_);
  }

 private:
  [[nodiscard]] bool keeps(int capability) const {
    return capability >= 0 && kept_.has(static_cast<unsigned>(capability));
  }
  [[nodiscard]] std::uint32_t number(const Numbers& numbers) const {
    return static_cast<std::uint32_t>(numbers[static_cast<std::size_t>(abi_)]);
  }

  void put(unsigned code, std::uint32_t k, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    code_.push_back({.code = static_cast<std::uint16_t>(code), .jt = if_true, .jf = if_false, .k = k});
  }
  void load(std::size_t offset) { put(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void answer(std::uint32_t what) { put(BPF_RET | BPF_K, what); }
  /// `test` is BPF_JEQ, BPF_JGE or BPF_JSET.
  void answer_if(unsigned test, std::uint32_t value, std::uint32_t what) {
    skip_unless(test, value, 1);
    answer(what);
  }
  void skip_unless(unsigned test, std::uint32_t value, std::uint8_t instructions) {
    put(BPF_JMP | test | BPF_K, value, 0, instructions);
  }

  void refuse_flags(std::uint32_t call, std::uint32_t flags) {
    skip_unless(BPF_JEQ, call, 4);
    load(argument(0));
    answer_if(BPF_JSET, flags, kRefuse);
    answer(kAllow);
  }

  void refuse_sockets() {
    if (abi_ == Abi::I386) {
      skip_unless(BPF_JEQ, kSocketCall, 4);
      load(argument(0));
      answer_if(BPF_JEQ, SYS_SOCKET, kRefuse);
      answer(kAllow);
    }
    skip_unless(BPF_JEQ, number(kSocket), 14);
    load(argument(0));
    // Netlink's own type is SOCK_RAW.
    answer_if(BPF_JEQ, AF_NETLINK, kAllow);
    put(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 3, 0);
    put(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
    put(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
    answer(kRefuse);
    load(argument(1));
    put(BPF_ALU | BPF_AND | BPF_K, kSocketTypes);
    answer_if(BPF_JEQ, SOCK_RAW, kRefuse);
    answer_if(BPF_JEQ, kSocketPacket, kRefuse);
    answer(kAllow);
  }

  Abi abi_;
  config::CapabilitySet kept_;
  std::vector<sock_filter> code_;
};

}  // namespace

std::vector<sock_filter> system_call_filter(Abi native, config::CapabilitySet kept) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  for (const Abi abi : served_by(native)) {
    const auto section = Section(abi, kept).write();
    // A jump on a condition reaches 255 instructions at most, one without any of them.
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(abi), 1, 0));
    program.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(section.size())));
    program.insert(program.end(), section.begin(), section.end());
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  return program;
}

}  // namespace uebo::supervise
