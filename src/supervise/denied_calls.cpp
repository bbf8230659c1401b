// Numbers: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, include/uapi/asm-generic/unistd.h (aarch64) and
// arch/arm/tools/syscall.tbl (EABI) of Linux. Those of the ABI that this is compiled for are checked against libc's.
#include <linux/capability.h>
#include <sys/syscall.h>

#include <algorithm>

#include "uebo/supervise/system_call_filter.hpp"

namespace uebo::supervise {
namespace {

constexpr int kNobody = -1;

// What no capability is needed for, or what looks into a kernel that the capability is not enough to guard, is
// refused; what is read only and wanted by exporters (adjtimex(2) without a change) is not here.
constexpr std::array kDenied{
    //                      x86_64, i386, aarch64, arm
    DeniedCall{"mount", {165, 21, 40, 21}, CAP_SYS_ADMIN},
    DeniedCall{"umount2", {166, 52, 39, 52}, CAP_SYS_ADMIN},
    DeniedCall{"umount", {-1, 22, -1, -1}, CAP_SYS_ADMIN},
    DeniedCall{"pivot_root", {155, 217, 41, 218}, CAP_SYS_ADMIN},
    DeniedCall{"open_tree", {428, 428, 428, 428}, CAP_SYS_ADMIN},
    DeniedCall{"move_mount", {429, 429, 429, 429}, CAP_SYS_ADMIN},
    DeniedCall{"fsopen", {430, 430, 430, 430}, CAP_SYS_ADMIN},
    DeniedCall{"fsconfig", {431, 431, 431, 431}, CAP_SYS_ADMIN},
    DeniedCall{"fsmount", {432, 432, 432, 432}, CAP_SYS_ADMIN},
    DeniedCall{"fspick", {433, 433, 433, 433}, CAP_SYS_ADMIN},
    DeniedCall{"mount_setattr", {442, 442, 442, 442}, CAP_SYS_ADMIN},
    DeniedCall{"open_tree_attr", {467, 467, 467, 467}, CAP_SYS_ADMIN},
    DeniedCall{"setns", {308, 346, 268, 375}, CAP_SYS_ADMIN},
    DeniedCall{"swapon", {167, 87, 224, 87}, CAP_SYS_ADMIN},
    DeniedCall{"swapoff", {168, 115, 225, 115}, CAP_SYS_ADMIN},
    DeniedCall{"quotactl", {179, 131, 60, 131}, CAP_SYS_ADMIN},
    DeniedCall{"quotactl_fd", {443, 443, 443, 443}, CAP_SYS_ADMIN},
    DeniedCall{"sethostname", {170, 74, 161, 74}, CAP_SYS_ADMIN},
    DeniedCall{"setdomainname", {171, 121, 162, 121}, CAP_SYS_ADMIN},
    DeniedCall{"fanotify_init", {300, 338, 262, 367}, CAP_SYS_ADMIN},
    DeniedCall{"lookup_dcookie", {212, 253, 18, 249}, CAP_SYS_ADMIN},
    DeniedCall{"chroot", {161, 61, 51, 61}, CAP_SYS_CHROOT},
    DeniedCall{"init_module", {175, 128, 105, 128}, CAP_SYS_MODULE},
    DeniedCall{"finit_module", {313, 350, 273, 379}, CAP_SYS_MODULE},
    DeniedCall{"delete_module", {176, 129, 106, 129}, CAP_SYS_MODULE},
    DeniedCall{"kexec_load", {246, 283, 104, 347}, CAP_SYS_BOOT},
    DeniedCall{"kexec_file_load", {320, -1, 294, 401}, CAP_SYS_BOOT},
    DeniedCall{"reboot", {169, 88, 142, 88}, CAP_SYS_BOOT},
    DeniedCall{"bpf", {321, 357, 280, 386}, CAP_BPF},
    DeniedCall{"perf_event_open", {298, 336, 241, 364}, CAP_PERFMON},
    DeniedCall{"ptrace", {101, 26, 117, 26}, CAP_SYS_PTRACE},
    DeniedCall{"process_vm_readv", {310, 347, 270, 376}, CAP_SYS_PTRACE},
    DeniedCall{"process_vm_writev", {311, 348, 271, 377}, CAP_SYS_PTRACE},
    DeniedCall{"process_madvise", {440, 440, 440, 440}, CAP_SYS_PTRACE},
    DeniedCall{"kcmp", {312, 349, 272, 378}, CAP_SYS_PTRACE},
    DeniedCall{"pidfd_getfd", {438, 438, 438, 438}, CAP_SYS_PTRACE},
    DeniedCall{"userfaultfd", {323, 374, 282, 388}, CAP_SYS_PTRACE},
    DeniedCall{"open_by_handle_at", {304, 342, 265, 371}, CAP_DAC_READ_SEARCH},
    DeniedCall{"settimeofday", {164, 79, 170, 79}, CAP_SYS_TIME},
    DeniedCall{"clock_settime", {227, 264, 112, 262}, CAP_SYS_TIME},
    DeniedCall{"clock_settime64", {-1, 404, -1, 404}, CAP_SYS_TIME},
    DeniedCall{"stime", {-1, 25, -1, -1}, CAP_SYS_TIME},
    DeniedCall{"acct", {163, 51, 89, 51}, CAP_SYS_PACCT},
    DeniedCall{"syslog", {103, 103, 116, 103}, CAP_SYSLOG},
    DeniedCall{"vhangup", {153, 111, 58, 111}, CAP_SYS_TTY_CONFIG},
    DeniedCall{"iopl", {172, 110, -1, -1}, CAP_SYS_RAWIO},
    DeniedCall{"ioperm", {173, 101, -1, -1}, CAP_SYS_RAWIO},
    DeniedCall{"add_key", {248, 286, 217, 309}, kNobody},
    DeniedCall{"request_key", {249, 287, 218, 310}, kNobody},
    DeniedCall{"keyctl", {250, 288, 219, 311}, kNobody},
    DeniedCall{"io_uring_setup", {425, 425, 425, 425}, kNobody},
    DeniedCall{"io_uring_enter", {426, 426, 426, 426}, kNobody},
    DeniedCall{"io_uring_register", {427, 427, 427, 427}, kNobody},
    DeniedCall{"vm86", {-1, 166, -1, -1}, kNobody},
    DeniedCall{"vm86old", {-1, 113, -1, -1}, kNobody},
    DeniedCall{"uselib", {134, 86, -1, 86}, kNobody},
};

constexpr bool has_number(std::string_view name, int number, Abi abi) {
  const auto* const row = std::ranges::find(kDenied, name, &DeniedCall::name);
  return row != kDenied.end() && row->number(abi) == number;
}

#if defined(__x86_64__) && !defined(__ILP32__)
constexpr Abi kNative = Abi::X86_64;
#elif defined(__aarch64__)
constexpr Abi kNative = Abi::Aarch64;
#elif defined(__ARM_EABI__)
constexpr Abi kNative = Abi::Arm;
#else
#error "the system calls of this architecture have no table"
#endif

static_assert(
    has_number("mount", SYS_mount, kNative) && has_number("umount2", SYS_umount2, kNative) &&
    has_number("pivot_root", SYS_pivot_root, kNative) && has_number("chroot", SYS_chroot, kNative) &&
    has_number("setns", SYS_setns, kNative) && has_number("swapon", SYS_swapon, kNative) &&
    has_number("quotactl", SYS_quotactl, kNative) && has_number("bpf", SYS_bpf, kNative) &&
    has_number("init_module", SYS_init_module, kNative) && has_number("finit_module", SYS_finit_module, kNative) &&
    has_number("delete_module", SYS_delete_module, kNative) && has_number("kexec_load", SYS_kexec_load, kNative) &&
    has_number("kexec_file_load", SYS_kexec_file_load, kNative) && has_number("reboot", SYS_reboot, kNative) &&
    has_number("ptrace", SYS_ptrace, kNative) && has_number("perf_event_open", SYS_perf_event_open, kNative) &&
    has_number("process_vm_readv", SYS_process_vm_readv, kNative) &&
    has_number("process_vm_writev", SYS_process_vm_writev, kNative) &&
    has_number("userfaultfd", SYS_userfaultfd, kNative) && has_number("keyctl", SYS_keyctl, kNative) &&
    has_number("open_by_handle_at", SYS_open_by_handle_at, kNative) &&
    has_number("settimeofday", SYS_settimeofday, kNative) && has_number("clock_settime", SYS_clock_settime, kNative) &&
    has_number("syslog", SYS_syslog, kNative) && has_number("io_uring_setup", SYS_io_uring_setup, kNative));

}  // namespace

std::span<const DeniedCall> denied_calls() { return kDenied; }

Abi native_abi() { return kNative; }

}  // namespace uebo::supervise
