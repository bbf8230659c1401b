"""PID 1 crashes on a board, and the kernel does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import disks
from support.guest import WORK, Disk, Guest


@pytest.fixture(scope="module")
def crashing() -> Iterator[Guest]:
    # Nobody has set it, as on a board: the tests' own machines have another.
    guest = Guest("crashing", append="panic=0", disks=[Disk(disks.make_ext4(WORK / "crashing.img"))]).start()
    try:
        guest.wait_for_ssh()
        guest.wait_for_storage()
        yield guest
    finally:
        guest.destroy()


def test_the_kernel_is_set_to_reboot_after_a_panic_and_pid_1_is_never_picked_for_memory(crashing: Guest) -> None:
    assert crashing.run("cat /proc/sys/kernel/panic").strip() == "10"
    assert crashing.run("cat /proc/1/oom_score_adj").strip() == "-1000"
    scores = crashing.run("for p in /proc/[0-9]*; do grep -q . $p/cmdline && cat $p/oom_score_adj; done; true").split()
    assert scores.count("-1000") == 1, "PID 1 alone: no service has that of it"


def test_a_crash_of_pid_1_is_told_written_out_and_ends_in_a_reboot(crashing: Guest) -> None:
    crashing.run("echo kept > /storage/kept")
    before = len(crashing.console)
    crashing.try_run("kill -SEGV 1", 10)
    crashing.drop_ssh()
    said = crashing.wait_for_console("; rebooting", 60, before)[before:]
    assert "PID 1 has crashed: SIGSEGV, sent by process " in said
    assert "backtrace of " in said
    assert "what was to be written to disks is written" in said
    crashing.wait_for_console("UEBO ", 60, len(crashing.console))
    crashing.wait_for_ssh()
    crashing.wait_for_storage()
    assert crashing.run("cat /storage/kept").strip() == "kept"


def test_a_panic_of_the_kernel_ends_in_a_reboot(crashing: Guest) -> None:
    before = len(crashing.console)
    crashing.try_run("echo c > /proc/sysrq-trigger", 10)
    crashing.drop_ssh()
    crashing.wait_for_console("Rebooting in 10 seconds", 60, before)
    crashing.wait_for_console("UEBO ", 120, len(crashing.console))
