"""The board's watchdog: an Intel 6300ESB, which QEMU emulates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import disks
from support.guest import WORK, Disk, Guest
from support.waiting import wait_for

DEVICE = ["-device", "i6300esb", "-action", "watchdog=reset"]
ARMED = "watchdog: i6300ESB timer resets the board when PID 1 is not well for"


def watchdog_metrics(guest: Guest) -> dict[str, float]:
    samples = wait_for(lambda: guest.samples(9101), f"{guest.name}: PID 1's metrics answer", 120, 1)
    return {name: value for name, value in samples.items() if name.startswith("uebo_watchdog_")}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guest]:
    guest = Guest("guarded", append="uebo.watchdog=10s", disks=[Disk(disks.make_ext4(WORK / "guarded.img"))], extra=DEVICE).start()
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def test_its_driver_is_the_first_module_and_it_is_armed_before_usr_is_mounted(guarded: Guest) -> None:
    console = guarded.console
    assert f"{ARMED} 10 s" in console
    assert console.index(ARMED) < console.index("uebo: /usr (")
    modules = guarded.run("dmesg").splitlines()
    first = next(line for line in modules if "i6300esb" in line.lower())
    later = next((line for line in modules if re.search(r"squashfs|erofs|loop: module", line)), None)
    assert later is None or modules.index(first) < modules.index(later)


def test_a_board_that_is_well_is_not_reset(guarded: Guest) -> None:
    def fed_often() -> bool:
        return watchdog_metrics(guarded)["uebo_watchdog_feeds_total"] >= 8

    wait_for(fed_often, "it has been fed for longer than its time-out", 120, 1)
    metrics = watchdog_metrics(guarded)
    assert metrics["uebo_watchdog_armed"] == 1
    assert metrics["uebo_watchdog_timeout_seconds"] == 10
    assert metrics["uebo_watchdog_ended_last_boot"] == 0
    assert len(guarded.console_lines("uebo: UEBO ")) == 1, "one boot"


def test_a_pid_1_that_hangs_is_ended_by_a_reset_and_the_next_boot_says_so(guarded: Guest, helper: Path) -> None:
    assert guarded.copy_to(helper, "/tmp/inside").returncode == 0
    before = len(guarded.console)
    guarded.run("nohup /tmp/inside freeze 1 </dev/null >/dev/null 2>&1 &")
    guarded.drop_ssh()
    guarded.wait_for_console("watchdog: the last boot was ended by a reset by the watchdog", 240, before)
    guarded.wait_for_ssh()
    assert watchdog_metrics(guarded)["uebo_watchdog_ended_last_boot"] == 1


def test_it_is_stopped_before_a_power_off(guarded: Guest) -> None:
    guarded.run("poweroff")
    guarded.wait_for_power_off(120)


def test_off_leaves_it_alone() -> None:
    guest = Guest("unguarded", append="uebo.watchdog=off", extra=DEVICE).start()
    try:
        guest.wait_for_ssh()
        assert not guest.console_lines(ARMED)
        assert "i6300esb" not in guest.run("cat /proc/modules") or watchdog_metrics(guest)["uebo_watchdog_armed"] == 0
    finally:
        guest.destroy()
