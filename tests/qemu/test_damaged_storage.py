"""A storage whose ext4 is damaged: what e2fsck -p can repair is repaired and mounted, the rest is left to people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import disks
from support.guest import WORK, Disk, Guest


def make_damaged(name: str, *requests: str) -> Path:
    content = WORK / f"{name}-content"
    (content / "boinc").mkdir(parents=True, exist_ok=True)
    for number in range(4):
        (content / f"file{number}").write_bytes(bytes([number]) * 50_000)
    file = disks.make_ext4(WORK / f"{name}.img", content)
    # State 2: the kernel has seen errors in it, so that e2fsck takes a whole look.
    disks.debugfs(file, *requests, "ssv state 2")
    return file


@pytest.fixture(scope="module")
def repairable() -> Iterator[Guest]:
    disk = make_damaged("repairable", "clri file1")
    guest = Guest("repairable", disks=[Disk(disk)]).start()
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


@pytest.fixture(scope="module")
def beyond_repair() -> Iterator[Guest]:
    disk = make_damaged("beyond-repair", "unlink file2")
    guest = Guest("beyond-repair", disks=[Disk(disk)]).start()
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def test_what_e2fsck_can_repair_is_repaired_and_mounted(repairable: Guest) -> None:
    repairable.wait_for_state("storage", "done", 60)
    assert repairable.run("ls /storage").split() == ["boinc", "dropbear", "file0", "file2", "file3", "lost+found"]
    log = repairable.run("cat /var/log/storage/current")
    assert "CLEARED" in log and "corrected" in log or "repaired" in log
    repairable.try_run("poweroff")
    repairable.wait_for_power_off()
    assert disks.check(WORK / "repairable.img").returncode == 0


def test_what_it_cannot_is_not_mounted_and_the_node_stays_reachable(beyond_repair: Guest) -> None:
    assert beyond_repair.storage_mount() == []
    assert "storage" in beyond_repair.status("boinc")["waits_for"]
    lines = beyond_repair.console_lines("uebo: ")
    assert any("storage" in line and "e2fsck" in line for line in lines), "the console says so, and what to do"


def test_people_can_repair_it(beyond_repair: Guest) -> None:
    assert beyond_repair.try_run("e2fsck -f -y /dev/vda").returncode == 1
    assert beyond_repair.try_run("uebo start storage").returncode == 0
    beyond_repair.wait_for_state("storage", "done", 60)
    assert "/dev/vda" in beyond_repair.run("grep ' /storage ' /proc/mounts")
