"""Raspberry Pi boards with their real device trees, each from an SD card of buildsteps/sdcard.

QEMU has none of their firmware: it is given what lies in the card's FAT, and the arguments that are written there.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conftest import FIRST_BOOT_DEADLINE, PASSWORD
from fleet import sdcard
from support import disks
from support.guest import WORK, Disk, Guest
from support.loaders import fetched
from support.machine import IMAGES, RASPI2B, RASPI3B, ROOT, Machine, PoweredOn
from support.waiting import wait_for

pytestmark = pytest.mark.full

# QEMU takes cards of 2^n bytes alone.
CARD_MIB = 512
FLEET = f"""\
[defaults]
uebo.boinc.password = "{PASSWORD}"
uebo.boinc.remote_hosts = ["10.0.2.2"]
append = "panic=30"

[[node]]
name = "card-pi2"
board = "raspberry-pi-2b"
macs = ["02:00:00:00:00:02"]

[[node]]
name = "card-pi3"
board = "raspberry-pi-3b"
macs = ["02:00:00:00:00:03"]
"""


@dataclass(frozen=True)
class Pi:
    node: str
    machine: Machine
    model: str


# Its console is the second of the two serial lines, the first is Bluetooth's.
PI3 = replace(RASPI3B, options=[*RASPI3B.options, "-serial", "null"])
BOARDS = [
    pytest.param(Pi("card-pi2", RASPI2B, "Raspberry Pi 2 Model B"), id="raspi2b"),
    pytest.param(Pi("card-pi3", PI3, "Raspberry Pi 3 Model B"), id="raspi3b"),
]


@dataclass(frozen=True)
class CardBoot(Machine):
    """Boots as the card's own file for the loader says: extlinux.conf, or a script where addresses have to be set first."""

    card: Path = Path()

    def command(self, append: str, initramfs: Path, memory: int) -> list[str]:
        files = self.card.with_suffix(".fat")
        if (files / "boot.scr").exists():
            text = (files / "boot.scr").read_bytes().decode(errors="replace")
            entry = dict(re.findall(r"^load .* \$\{(\w+)_addr_r\} (/.*)$", text, re.MULTILINE))
            entry |= re.findall(r"^setenv (bootargs) '(.*)'$", text, re.MULTILINE)
            kernel, initrd, fdt, arguments = (entry[name] for name in ("kernel", "ramdisk", "fdt", "bootargs"))
        else:
            text = (files / "extlinux/extlinux.conf").read_text()
            entry = dict(re.findall(r"^  (\w+) (.*)$", text, re.MULTILINE))
            kernel, initrd, fdt, arguments = (entry[name] for name in ("kernel", "initrd", "fdt", "append"))
        return [self.program, *self.options, "-m", str(memory), "-kernel", f"{files}{kernel}", "-initrd", f"{files}{initrd}",
                "-dtb", f"{files}{fdt}", "-append", arguments]  # fmt: skip


def make_card(node: str) -> Path:
    """The card, and beside it a copy of what its FAT holds."""
    fleet = WORK / "cards.toml"
    fleet.write_text(FLEET)
    card = WORK / f"{node}.img"
    files = card.with_suffix(".fat")
    subprocess.run(["rm", "-rf", str(files)], check=True)
    files.mkdir(parents=True)
    subprocess.run([str(ROOT / "buildsteps/sdcard"), node, "--fleet", str(fleet), "--images", str(IMAGES), "--output", str(card),
                    "--size", str(CARD_MIB)], check=True, capture_output=True)  # fmt: skip
    subprocess.run(["mcopy", "-s", "-i", f"{card}@@{sdcard.FAT_START}", "::", str(files)], check=True)
    return card


@pytest.fixture(scope="module", params=BOARDS)
def pi(request: pytest.FixtureRequest) -> Pi:
    asked: Pi = request.param
    return asked


@pytest.fixture(scope="module")
def node(pi: Pi) -> Iterator[Guest]:
    card = make_card(pi.node)
    fields = {name: getattr(pi.machine, name) for name in Machine.__dataclass_fields__}
    guest = Guest(pi.node, machine=CardBoot(**fields, card=card), disks=[Disk(card)]).start()
    try:
        guest.wait_for_ssh(FIRST_BOOT_DEADLINE)
        yield guest
    finally:
        guest.destroy()


def test_it_runs_on_the_boards_own_device_tree(node: Guest, pi: Pi) -> None:
    assert node.run("cat /proc/device-tree/model").startswith(pi.model)


def test_it_has_the_name_of_its_entry_in_the_fleet(node: Guest, pi: Pi) -> None:
    assert node.run("hostname").strip() == pi.node


def test_storage_is_the_cards_second_partition(node: Guest) -> None:
    node.wait_for_state("storage", "done", 60)
    assert re.fullmatch(r"/dev/mmcblk\dp2", node.run("grep ' /storage ' /proc/mounts").split()[0])
    assert not node.console_lines("error:"), node.console_lines("error:")


def test_card_and_usb_work_by_the_drivers_that_its_device_tree_chose(node: Guest) -> None:
    loaded = {line.split()[0] for line in node.run("cat /proc/modules").splitlines()}
    assert {"bcm2835", "dwc2", "bcm2835_wdt", "bcm2835_thermal"} <= loaded


def test_the_network_comes_over_usb(node: Guest) -> None:
    route = node.run("ip route | grep ^default")
    link = route.split(" dev ")[1].split()[0]
    assert "usb" in node.run(f"readlink -f /sys/class/net/{link}/device"), link


def test_boinc_runs_and_answers(node: Guest) -> None:
    node.wait_for_state("boinc", "running", 120)
    wait_for(lambda: node.boinccmd("--get_state", password=PASSWORD).returncode == 0, "BOINC answers", 120, 1)


def test_it_goes_down_in_order_and_leaves_the_card_clean(node: Guest) -> None:
    node.try_run("poweroff")
    node.wait_for_console("reboot: ", 120)
    start = sdcard.FAT_START + sdcard.FAT_SIZE
    result = disks.check(Path(f"{node.disks[0].file}?offset={start}"))
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_pi_boots_by_debians_uboot_from_its_card() -> None:
    """The firmware would load U-Boot from the card; here QEMU does, and all else is U-Boot's. It leaves QEMU's USB in a state
    in which Linux finds no network adapter: the console tells."""
    card = make_card("card-pi3")
    uboot = fetched("u-boot-rpi", "aarch64") / "rpi_3/u-boot.bin"
    options = [*PI3.options, "-kernel", str(uboot), "-dtb", str(PI3.image.folder / "dtbs" / PI3.dtb)]
    guest = Guest("uboot-pi3", machine=PoweredOn("raspi3b", PI3.image, PI3.program, options, nic="usb-net", disk="sd", memory=1024),
                  disks=[Disk(card)]).start()  # fmt: skip
    try:
        said = guest.wait_for_console("uebo: identity: card-pi3", 300)
        parts = ["U-Boot 2023.01", "Found U-Boot script /boot.scr", "UEBO: card-pi3", "Starting kernel", "uebo: storage: /dev/mmcblk"]
        places = [said.find(part) for part in parts]
        assert -1 not in places and places == sorted(places), list(zip(parts, places))
    finally:
        guest.destroy()
