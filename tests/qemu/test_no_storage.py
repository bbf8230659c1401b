"""A node without storage, and what happens when a disk comes late."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from support import disks
from support.guest import WORK, Guest
from support.waiting import wait_for


@pytest.fixture(scope="module")
def bare() -> Iterator[Guest]:
    guest = Guest("bare", append="uebo.storage.wait=2s uebo.web=off uebo.zram=off", extra=["-device", "qemu-xhci"]).start()
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def test_the_node_is_up_and_boinc_waits_for_storage(bare: Guest) -> None:
    assert bare.storage_mount() == []
    status = bare.status("boinc")
    assert status["state"] == "waiting"
    assert "storage" in status["waits_for"]
    assert bare.state("node_exporter") == "ready"
    assert bare.run("hostname").strip() == "uebo-123456", "the last three bytes of the MAC"


def test_the_modules_went_all_the_same(bare: Guest) -> None:
    assert bare.status("purge")["state"] == "done"


def test_there_is_no_page_and_no_swap_where_they_are_off(bare: Guest) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{bare.ports[9101]}/", timeout=20) as answer:
        page = answer.read().decode()
    assert "/metrics" in page and "Tasks" not in page and "dropbear" not in page
    assert "uebo_up 1" in bare.scrape(9101)
    assert len(bare.run("cat /proc/swaps").splitlines()) == 1
    assert "zram" not in bare.run("cat /proc/modules")


def test_a_disk_that_comes_late_is_mounted_and_boinc_starts(bare: Guest) -> None:
    bare.plug_usb_disk(disks.make_ext4(WORK / "late.img"))
    bare.wait_for_state("storage", "done", 60)
    assert "/dev/sda" in bare.run("grep ' /storage ' /proc/mounts")
    bare.wait_for_state("boinc", "running", 120)


def test_without_a_password_boinc_gets_a_random_one_and_stays_alone(bare: Guest) -> None:
    wait_for(lambda: bare.try_run("test -s /storage/boinc/gui_rpc_auth.cfg").returncode == 0, "a password file", 30, 1)
    password = bare.run("cat /storage/boinc/gui_rpc_auth.cfg").strip()
    assert len(password) >= 16
    assert bare.boinccmd("--get_state", password=password).returncode != 0, "remote access is off"


def test_poweroff_unmounts_the_late_disk(bare: Guest) -> None:
    bare.try_run("poweroff")
    bare.wait_for_power_off()
    result = disks.check(WORK / "late.img")
    assert result.returncode == 0, result.stdout
    assert "recovering journal" not in result.stdout
