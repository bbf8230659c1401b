"""The other architectures: each boots to BOINC on an emulated board, and goes down in order."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import pytest

from conftest import FIRST_BOOT_DEADLINE, PASSWORD, MemoryProbe
from support import disks
from support.guest import WORK, Disk, Guest
from support.machine import ARMHF, ORANGEPI_PC, PC, VIRT_ARMHF, Image, Machine
from support.waiting import wait_for

MEBI = 1 << 20
FULL = pytest.mark.full
BOARDS = [
    pytest.param(VIRT_ARMHF, id="armhf-virt"),
    pytest.param(ORANGEPI_PC, id="orangepi-pc", marks=FULL),
    pytest.param(PC, id="amd64-q35", marks=FULL),
]
Record = Callable[[str, object], None]


@pytest.fixture(scope="module", params=BOARDS)
def node(request: pytest.FixtureRequest) -> Iterator[Guest]:
    machine: Machine = request.param
    name = machine.name.split(",")[0] + "-" + machine.image.arch
    disk = disks.make_ext4(WORK / f"{name}.img", size="256M")
    arguments = f"uebo.hostname={name} uebo.boinc.password={PASSWORD} uebo.boinc.remote_hosts=10.0.2.2"
    guest = Guest(name, append=arguments, disks=[Disk(disk)], machine=machine).start()
    try:
        guest.wait_for_ssh(FIRST_BOOT_DEADLINE)
        yield guest
    finally:
        guest.destroy()


def test_its_parts_are_within_their_sizes(node: Guest, record_property: Record) -> None:
    image: Image = node.machine.image
    size = image.initramfs.stat().st_size
    record_property(f"initramfs of {image.arch}, MB", round(size / 1e6, 1))
    assert size <= (26_000_000 if image == ARMHF else 24_000_000)
    binary = (image.folder / "uebo").stat().st_size
    record_property(f"binary of {image.arch}, MB", round(binary / 1e6, 2))
    assert binary <= 4_000_000
    said = subprocess.run(["file", "-b", str(image.folder / "uebo")], capture_output=True, text=True, check=True).stdout
    assert "statically linked" in said, said


def test_it_has_its_name_its_storage_and_its_services(node: Guest) -> None:
    node.wait_for_state("identity", "done")
    assert node.run("hostname").strip() == node.name
    device = node.run("grep ' /storage ' /proc/mounts").split()[0]
    assert device.startswith("/dev/mmcblk" if node.machine.disk == "sd" else "/dev/vd"), device
    for service in ("dropbear", "node_exporter"):
        node.wait_until_up(service)
    assert not node.console_lines("error:"), node.console_lines("error:")


def test_boinc_answers_with_the_password_and_not_without(node: Guest) -> None:
    node.wait_for_state("boinc", "running", 120)
    wait_for(lambda: node.boinccmd("--get_state", password=PASSWORD).returncode == 0, "BOINC answers", 90, 1)
    assert "<unauthorized/>" in node.ask_boinc("<get_state/>")


def test_boinc_asks_for_work_for_its_own_processor(node: Guest) -> None:
    own = {"armhf": "arm-unknown-linux-gnueabihf", "amd64": "x86_64-pc-linux-gnu"}
    assert node.boinc_platforms(PASSWORD) == {own[node.machine.image.arch]}


def test_the_modules_are_purged(node: Guest) -> None:
    node.wait_for_state("purge", "done", 60)


def test_memory_used(node: Guest, record_property: Record) -> None:
    probe = MemoryProbe(node)
    probe.start()
    probe.join(timeout=FIRST_BOOT_DEADLINE + 120)
    assert probe.metrics, "the node exporter did not answer"
    used = (probe.metrics["node_memory_MemTotal_bytes"] - probe.metrics["node_memory_MemAvailable_bytes"]) / MEBI
    record_property(f"memory used, {node.machine.image.arch} on {node.machine.name}, MiB", round(used, 1))
    assert used <= 110, "the earlier system's figure with BOINC is about 100 MB"


def test_pid_1_has_at_most_4_mb(node: Guest, record_property: Record) -> None:
    status = dict(line.split(":", 1) for line in node.run("cat /proc/1/status").splitlines())
    rss, anonymous = (int(status[name].split()[0]) for name in ("VmRSS", "RssAnon"))
    record_property(f"PID 1, {node.machine.image.arch} on {node.machine.name}", f"VmRSS {rss} kB, RssAnon {anonymous} kB")
    assert rss <= 4096 and anonymous <= 600


def test_it_goes_down_in_order(node: Guest) -> None:
    node.try_run("poweroff")
    if node.machine.powers_off:
        node.wait_for_power_off(120)
    else:
        node.wait_for_console("reboot: ", 120)
    assert disks.check(node.disks[0].file).returncode == 0
