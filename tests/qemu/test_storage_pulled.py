"""A disk that is pulled out while BOINC works on it, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import disks
from support.guest import WORK, Guest
from support.time_server import TimeServer
from support.waiting import wait_for


def node_of(guest: Guest, file: Path) -> str:
    """The disk in the guest that is as large as the file here."""
    sectors = file.stat().st_size // 512
    found = guest.try_run(f"grep -lx {sectors} /sys/class/block/sd*/size").stdout.split()
    return f"/dev/{found[0].split('/')[4]}" if found else ""


@pytest.mark.parametrize(
    "kind", ["ext4", pytest.param("btrfs", marks=pytest.mark.full), pytest.param("vfat", marks=pytest.mark.full)]
)
def test_boinc_stops_and_goes_on_when_the_disk_is_back_under_another_name(kind: str, time_server: TimeServer) -> None:
    """After the purge of the modules, and with another stick in its old place."""
    file = disks.make_file_system(WORK / "pulled.img", kind)
    blank = WORK / "pulled-blank.img"
    blank.write_bytes(bytes(1 << 20))
    arguments = "uebo.storage.wait=30s" + (" uebo.ntp=10.0.2.2" if time_server.works else "")
    guest = Guest(f"pulled-{kind}", append=arguments, extra=["-device", "qemu-xhci"]).start()
    try:
        guest.wait_for_console("uebo: modules: ", 60)
        guest.plug_usb_disk(file, "storage")
        guest.wait_for_ssh()
        guest.wait_for_state("boinc", "running", 120)
        guest.wait_for_state("purge", "done", 60)
        assert guest.storage_mount() == ["/dev/sda", kind]
        guest.run("echo before > /storage/boinc/before; sync")
        first = guest.status("boinc")["pid"]

        guest.pull_usb_disk("storage")
        status = guest.wait_for_state("boinc", "waiting", 120)
        assert status["waits_for"] == ["storage"]
        assert "/dev/sda has gone" in guest.status("storage")["detail"] and guest.state("storage") != "done"
        assert "storage" not in guest.conditions()
        assert guest.storage_mount() == []
        assert guest.state("node_exporter") == "ready"

        # The old name is free once the last who held the disk has let it go.
        guest.plug_usb_disk(blank, "blank")
        name = wait_for(lambda: node_of(guest, blank), "the other stick has a name", 30, 0.3)
        assert name == "/dev/sda", "nobody holds the disk that was pulled out"
        guest.plug_usb_disk_again("storage")
        status = guest.wait_for_state("boinc", "running", 120)
        assert status["pid"] != first
        assert guest.storage_mount() == ["/dev/sdb", kind]
        assert guest.run("cat /storage/boinc/before") == "before\n"
        guest.try_run("poweroff")
        guest.wait_for_power_off(100)
    finally:
        guest.destroy()
    checked = disks.check_file_system(file, kind)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.full
def test_a_disk_that_was_out_for_a_moment_is_mounted_anew(time_server: TimeServer) -> None:
    """It may be back before the node has looked: under another number, so that it is another disk."""
    file = disks.make_ext4(WORK / "blink.img")
    arguments = "uebo.ntp=10.0.2.2" if time_server.works else ""
    guest = Guest("blink", append=arguments, extra=["-device", "qemu-xhci"]).start()
    try:
        guest.wait_for_console("uebo: modules: ", 60)
        guest.plug_usb_disk(file)
        guest.wait_for_ssh()
        guest.wait_for_state("boinc", "running", 120)
        first = guest.status("boinc")["pid"]
        guest.pull_usb_disk()
        guest.plug_usb_disk_again()

        def works_again() -> bool:
            status = guest.status("boinc")
            return bool(status["state"] == "running" and status["pid"] != first)

        wait_for(works_again, "BOINC runs anew", 120, 0.5)
        assert guest.storage_mount()[1] == "ext4"
        guest.run("echo on > /storage/on; sync")
        guest.try_run("poweroff")
        guest.wait_for_power_off(100)
    finally:
        guest.destroy()
    assert disks.check(file).returncode == 0
    assert disks.read_from(file, "/on") == "on\n"
