// The filter as the kernel runs it: a small interpreter of classic BPF answers for each ABI, call and argument.
#include "uebo/supervise/system_call_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace uebo::supervise {
namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::array kEveryAbi{Abi::X86_64, Abi::I386, Abi::Aarch64, Abi::Arm};

constexpr std::array<std::uint32_t, kAbis> kArchs{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
                                                  AUDIT_ARCH_ARM};
std::uint32_t arch_of(Abi abi) { return kArchs[static_cast<std::size_t>(abi)]; }
Abi native_of(Abi abi) { return abi == Abi::X86_64 || abi == Abi::I386 ? Abi::X86_64 : Abi::Aarch64; }

/// What net/core/filter.c makes of a program; nothing where it would not be taken.
std::optional<std::uint32_t> run(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& it = program[at];
    switch (it.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (it.k % 4 != 0 || it.k + 4 > sizeof data) return std::nullopt;
        memcpy(&accumulator, reinterpret_cast<const char*>(&data) + it.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= it.k;
        break;
      case BPF_JMP | BPF_JA:
        at += it.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == it.k ? it.jt : it.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= it.k ? it.jt : it.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & it.k) != 0 ? it.jt : it.jf;
        break;
      case BPF_RET | BPF_K:
        return it.k;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

struct Call {
  Abi abi;
  int number;
  std::array<std::uint64_t, 6> arguments{};
};

std::uint32_t answer(const Call& call, config::CapabilitySet kept = {}) {
  seccomp_data data{};
  data.nr = call.number;
  data.arch = arch_of(call.abi);
  std::ranges::copy(call.arguments, data.args);
  const auto said = run(system_call_filter(native_of(call.abi), kept), data);
  EXPECT_TRUE(said) << "the program ends nowhere";
  return said.value_or(0);
}

config::CapabilitySet keeping(unsigned capability) { return {std::uint64_t{1} << capability}; }

// Numbers of what programs live by, and of calls with conditions, in the order of Abi.
struct Known {
  const char* name;
  std::array<int, kAbis> numbers;
};
constexpr std::array kNeeded{
    Known{"read", {0, 3, 63, 3}},
    Known{"write", {1, 4, 64, 4}},
    Known{"openat", {257, 295, 56, 322}},
    Known{"execve", {59, 11, 221, 11}},
    Known{"futex", {202, 240, 98, 240}},
    Known{"kill", {62, 37, 129, 37}},
    Known{"connect", {42, 362, 203, 283}},
    Known{"prctl", {157, 172, 167, 172}},
    Known{"wait4", {61, 114, 260, 114}},
    Known{"exit_group", {231, 252, 94, 248}},
    Known{"adjtimex", {159, 124, 171, 124}},
    Known{"setpriority", {141, 97, 140, 97}},
};
constexpr std::array<int, kAbis> kClone{56, 120, 220, 120};
constexpr std::array<int, kAbis> kUnshare{272, 310, 97, 337};
constexpr std::array<int, kAbis> kSocket{41, 359, 198, 281};

int of(const std::array<int, kAbis>& numbers, Abi abi) { return numbers[static_cast<std::size_t>(abi)]; }

TEST(SystemCallFilter, RefusesWhatIsDeniedInEveryAbi) {
  for (const Abi abi : kEveryAbi)
    for (const DeniedCall& call : denied_calls()) {
      if (call.number(abi) < 0) continue;
      EXPECT_EQ(answer({abi, call.number(abi)}), kEperm) << call.name << " of ABI " << static_cast<int>(abi);
    }
}

TEST(SystemCallFilter, DeniesWhatTheReadmePromises) {
  for (const std::string_view name : {"mount",
                                      "umount2",
                                      "pivot_root",
                                      "move_mount",
                                      "fsopen",
                                      "mount_setattr",
                                      "init_module",
                                      "finit_module",
                                      "delete_module",
                                      "kexec_load",
                                      "bpf",
                                      "ptrace",
                                      "process_vm_readv",
                                      "process_vm_writev",
                                      "reboot",
                                      "swapon",
                                      "keyctl",
                                      "userfaultfd",
                                      "perf_event_open",
                                      "io_uring_setup",
                                      "open_by_handle_at",
                                      "setns",
                                      "clock_settime",
                                      "settimeofday"}) {
    const auto found = std::ranges::find(denied_calls(), name, &DeniedCall::name);
    ASSERT_NE(found, denied_calls().end()) << name;
    for (const Abi abi : kEveryAbi) EXPECT_GE(found->number(abi), 0) << name << " of ABI " << static_cast<int>(abi);
  }
}

TEST(SystemCallFilter, AllowsWhatProgramsLiveBy) {
  for (const Abi abi : kEveryAbi)
    for (const Known& call : kNeeded) EXPECT_EQ(answer({abi, of(call.numbers, abi)}), kAllow) << call.name;
}

TEST(SystemCallFilter, ACapabilityKeepsItsCalls) {
  for (const DeniedCall& call : denied_calls()) {
    if (call.number(Abi::Aarch64) < 0) continue;
    const auto kept = call.capability < 0 ? config::kAllCapabilities : keeping(static_cast<unsigned>(call.capability));
    EXPECT_EQ(answer({Abi::Aarch64, call.number(Abi::Aarch64)}, kept), call.capability < 0 ? kEperm : kAllow)
        << call.name;
  }
  EXPECT_EQ(answer({Abi::Aarch64, 112}, keeping(CAP_NET_RAW)), kEperm) << "clock_settime is not of that one";
}

TEST(SystemCallFilter, NewNamespacesAreRefusedAndNewProcessesAndThreadsAreNot) {
  constexpr std::uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                   CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  for (const Abi abi : kEveryAbi) {
    EXPECT_EQ(answer({abi, of(kClone, abi), {thread}}), kAllow);
    EXPECT_EQ(answer({abi, of(kClone, abi), {CLONE_VM | CLONE_VFORK | SIGCHLD}}), kAllow);
    EXPECT_EQ(answer({abi, of(kUnshare, abi), {CLONE_FILES}}), kAllow);
    for (const std::uint64_t space :
         {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
      EXPECT_EQ(answer({abi, of(kClone, abi), {space | SIGCHLD}}), kEperm);
      EXPECT_EQ(answer({abi, of(kUnshare, abi), {space}}), kEperm);
    }
    EXPECT_EQ(answer({abi, of(kUnshare, abi), {0x80}}), kEperm) << "CLONE_NEWTIME";
    EXPECT_EQ(answer({abi, 435}), kEnosys) << "clone3";
  }
}

TEST(SystemCallFilter, SocketsAreOfTheUsualFamiliesAndNeverRaw) {
  for (const Abi abi : kEveryAbi) {
    const auto socket = [&](std::uint64_t family, std::uint64_t type) {
      return answer({abi, of(kSocket, abi), {family, type, 0}});
    };
    for (const auto family : {AF_UNIX, AF_INET, AF_INET6}) {
      EXPECT_EQ(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK), kAllow) << family;
      EXPECT_EQ(socket(family, SOCK_DGRAM), kAllow) << family;
      EXPECT_EQ(socket(family, SOCK_RAW | SOCK_CLOEXEC), kEperm) << family;
      EXPECT_EQ(socket(family, 10), kEperm) << "SOCK_PACKET, " << family;
    }
    EXPECT_EQ(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC), kAllow) << "as getaddrinfo(3) asks for addresses";
    for (const auto family : {AF_PACKET, AF_ALG, AF_VSOCK, AF_KEY, AF_BLUETOOTH})
      EXPECT_EQ(socket(family, SOCK_DGRAM), kEperm) << family;
  }
}

TEST(SystemCallFilter, RawSocketsAreLeftToWhoKeepsTheCapability) {
  EXPECT_EQ(answer({Abi::Aarch64, 198, {AF_PACKET, SOCK_RAW}}, keeping(CAP_NET_RAW)), kAllow);
  EXPECT_EQ(answer({Abi::Aarch64, 198, {AF_PACKET, SOCK_RAW}}, keeping(CAP_NET_ADMIN)), kEperm);
}

TEST(SystemCallFilter, TheCallThatHidesItsArgumentsMakesNoSockets) {
  constexpr int socketcall = 102;
  EXPECT_EQ(answer({Abi::I386, socketcall, {1}}), kEperm) << "SYS_SOCKET";
  EXPECT_EQ(answer({Abi::I386, socketcall, {3}}), kAllow) << "SYS_CONNECT";
  EXPECT_EQ(answer({Abi::X86_64, socketcall}), kAllow) << "getuid there";
}

TEST(SystemCallFilter, X32HasNoCallsAndAnUnknownAbiNoProcess) {
  EXPECT_EQ(answer({Abi::X86_64, 0x40000000 | 165}), kEnosys) << "mount of x32";
  EXPECT_EQ(answer({Abi::X86_64, 0x40000000}), kEnosys) << "read of x32";
  seccomp_data data{};
  data.arch = AUDIT_ARCH_RISCV64;
  EXPECT_EQ(run(system_call_filter(Abi::Aarch64, {}), data), SECCOMP_RET_KILL_PROCESS);
  data.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(run(system_call_filter(Abi::Aarch64, {}), data), SECCOMP_RET_KILL_PROCESS);
}

TEST(SystemCallFilter, ABoardOf32BitsServesOneAbi) {
  seccomp_data data{};
  data.arch = AUDIT_ARCH_ARM;
  data.nr = 21;
  EXPECT_EQ(run(system_call_filter(Abi::Arm, {}), data), kEperm) << "mount";
}

/// The answer of a call in the 32-bit ABI, which a 64-bit program reaches by int 0x80 (syscall(2)).
#ifdef __x86_64__
int through_int80(int number, int first) {
  int result = 0;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(first), "c"(0), "d"(0)
               : "memory", "r8", "r9", "r10", "r11");
  return result;
}
constexpr int kGetpid32 = 20, kMount32 = 21, kPtrace32 = 26;
#endif

/// Runs `inside` in a process that has the filter. Its result is the process' exit status.
int filtered(config::CapabilitySet kept, int (*inside)()) {
  auto code = system_call_filter(native_abi(), kept);
  const pid_t child = fork();
  if (child == 0) {
    const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
    const bool taken =
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
    _exit(taken ? inside() : 99);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SystemCallFilter, TheKernelTakesItForEverySetOfCapabilities) {
  for (const auto kept : {config::CapabilitySet{}, config::kAllCapabilities, keeping(CAP_SYS_ADMIN)})
    EXPECT_EQ(filtered(kept, [] { return syscall(SYS_keyctl, 0) < 0 && errno == EPERM ? 0 : 1; }), 0);
}

TEST(SystemCallFilter, TheKernelRefusesTheSameIn32Bits) {
#ifdef __x86_64__
  if (filtered({}, [] { return through_int80(kGetpid32, 0) == getpid() ? 0 : 1; }) != 0)
    GTEST_SKIP() << "this kernel serves no 32-bit ABI";
  EXPECT_EQ(filtered({}, [] { return through_int80(kMount32, 0) == -EPERM ? 0 : 1; }), 0);
  EXPECT_EQ(filtered({}, [] { return through_int80(kPtrace32, 0) == -EPERM ? 0 : 1; }), 0) << "PTRACE_TRACEME";
#else
  GTEST_SKIP() << "the way into the 32-bit ABI is x86's";
#endif
}

}  // namespace
}  // namespace uebo::supervise
