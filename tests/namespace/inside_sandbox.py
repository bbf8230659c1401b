"""Run as a service: tells what a process in its sandbox can do and see, one `NAME: VALUE` a line.

System calls go by number, in the native ABI and, on x86-64, in the 32-bit one, which a 64-bit program reaches by int 0x80.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)

# Native and i386 numbers (-1: there is none) with arguments that do no harm where the call is allowed.
CALLS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "mount": (165, 21, (0, 0, 0)),
    "umount2": (166, 52, (0, 0)),
    "unshare": (272, 310, (0x10000000,)),
    "setns": (308, 346, (-1, 0)),
    "ptrace": (101, 26, (16, 0, 0)),  # PTRACE_ATTACH to nobody
    "bpf": (321, 357, (0, 0, 0)),
    "init_module": (175, 128, (0, 0, 0)),
    "kexec_load": (246, 283, (0, 0, 0)),
    "keyctl": (250, 288, (0, 0, 0)),
    "perf_event_open": (298, 336, (0, 0, 0)),
    "io_uring_setup": (425, 425, (0, 0)),
    "userfaultfd": (323, 374, (1,)),
    "clock_settime": (227, 264, (0, 0)),
    "reboot": (169, 88, (0, 0, 0)),
    "raw_socket": (41, 359, (socket.AF_INET, socket.SOCK_RAW, 1)),
    "packet_socket": (41, 359, (17, socket.SOCK_DGRAM, 0)),
    "tcp_socket": (41, 359, (socket.AF_INET, socket.SOCK_STREAM, 0)),
    "clone3": (435, 435, (0, 0)),
    "getpid": (39, 20, ()),
}

# mov eax, edi; push rbx; mov ebx, esi; mov r8d, edx; mov edx, ecx; mov ecx, r8d; int 0x80; pop rbx; ret
THROUGH_INT80 = bytes.fromhex("89f8" "53" "89f3" "4189d0" "89ca" "4489c1" "cd80" "5b" "c3")


def answer(result: int, code: int) -> str:
    return errno.errorcode.get(code, str(code)) if result < 0 else "allowed"


def native(number: int, arguments: tuple[int, ...]) -> str:
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(word) for word in arguments))
    return answer(result, ctypes.get_errno())


class Abi32:
    def __init__(self) -> None:
        self._code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._code.write(THROUGH_INT80)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._code))
        self._call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_int] * 4)(address)

    def __call__(self, number: int, arguments: tuple[int, ...]) -> str:
        result = self._call(number, *(arguments + (0, 0, 0))[:3])
        return answer(-1 if result < 0 else 0, -result)


def serves_32_bits() -> bool:
    """A kernel without that ABI answers with a signal."""
    child = os.fork()
    if child == 0:
        os._exit(0 if Abi32()(20, ()) == "allowed" else 1)
    return os.waitpid(child, 0)[1] == 0


def writing(path: str) -> str:
    try:
        with open(path, "w"):
            return "allowed"
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def reading(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def say(name: str, value: object) -> None:
    print(f"{name}: {value}", flush=True)


def main() -> None:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("Cap", "NoNewPrivs", "Seccomp:")):
            say(*line.split(":\t"))
    say("processes", sorted(int(name) == os.getpid() for name in os.listdir("/proc") if name.isdigit()))
    say("cmdline", reading("/proc/cmdline"))
    say("devices", " ".join(sorted(os.listdir("/dev"))))
    say("tmp", os.listdir("/tmp"))
    # Root outside of a sandbox would write to the machine's own.
    for path in () if os.geteuid() == 0 else ("/tmp/x", "/dev/shm/x", "/usr/x", "/etc/x", "/run/x", "/var/log/x", "/proc/self/oom_score_adj", "/dev/null"):
        say(f"write {path}", writing(path))
    for name, (number, _, arguments) in CALLS.items():
        say(f"native {name}", native(number, arguments))
    if serves_32_bits():
        in_32_bits = Abi32()
        for name, (_, number, arguments) in CALLS.items():
            say(f"int80 {name}", in_32_bits(number, arguments))
    child = os.fork()
    if child == 0:
        os._exit(7)
    say("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    say("end", "of it")


main()
