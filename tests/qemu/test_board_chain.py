"""A board by its own boot chain, from power-on: the chip's ROM code, SPL and U-Boot of Debian, then PXE or an SD card.

Nothing is loaded by QEMU but, for `virt`, U-Boot itself, as from SPI flash.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Callable

import pytest

from conftest import PASSWORD
from support.guest import WORK, Disk, Guest
from support.loaders import bookworms_uboot, fetched
from support.machine import AARCH64, ARMHF, IMAGES, ROOT, PoweredOn
from support.nfs_server import NfsServer
from support.waiting import wait_for

pytestmark = pytest.mark.full
Record = Callable[[str, object], None]

MIB = 1 << 20
# U-Boot makes it of the chip's serial number (arch/arm/mach-sunxi, board/sunxi), which QEMU gives every orangepi-pc alike.
ORANGEPI_MAC = "02:81:4a:58:bd:80"
SPL_OFFSET = 8192


ORANGEPI_PC = PoweredOn("orangepi-pc", ARMHF, "qemu-system-arm", ["-M", "orangepi-pc"], nic="", disk="sd", memory=1024)
VIRT = PoweredOn("virt by U-Boot", AARCH64, "qemu-system-aarch64", ["-M", "virt", "-cpu", "cortex-a53"], memory=1024)


def fleet_file(name: str, defaults: str) -> Path:
    file = WORK / f"{name}.toml"
    file.write_text(f"""\
[defaults]
uebo.boinc.password = "{PASSWORD}"
append = "panic=30"
{defaults}

[[node]]
name = "orange-01"
board = "orangepi-pc"
macs = ["{ORANGEPI_MAC}"]

[[node]]
name = "virt-01"
board = "qemu-virt-aarch64"
macs = ["52:54:00:12:34:56"]
""")
    return file


def buildstep(name: str, *words: str) -> str:
    done = subprocess.run([str(ROOT / "buildsteps" / name), *words, "--images", str(IMAGES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def said_since_power_on(guest: Guest) -> str:
    """SPL speaks before anybody listens to the console: QEMU's own log has it."""
    return guest.serial_log.read_text(errors="replace").replace("\r", "")


def in_order(text: str, *parts: str) -> None:
    places = [text.find(part) for part in parts]
    assert -1 not in places and places == sorted(places), list(zip(parts, places))


def boinc_answers_over_ssh(guest: Guest) -> None:
    guest.wait_for_state("boinc", "running", 180)
    asked = f"boinccmd --passwd {PASSWORD} --get_state"
    state = wait_for(lambda: guest.try_run(asked).stdout, "BOINC answers over ssh", 120, 2)
    assert "======== Projects ========" in state


def test_an_orange_pi_boots_by_spl_uboot_dhcp_and_tftp_to_boinc_on_nfs(record_property: Record) -> None:
    server = NfsServer("orange")
    (server.data / "orange-01").mkdir()
    server.start()
    tree = WORK / "orange/tftproot"
    tree.parent.mkdir(exist_ok=True)
    fleet = fleet_file("orange-pxe", f'uebo.nfsdir = "10.0.2.2:/uebo/{{name}},port={server.port}"')
    buildstep("pxe", "--fleet", str(fleet), "--output", str(tree))
    card = WORK / "orange-loader.img"
    loader = (fetched("u-boot-sunxi", "armhf") / "orangepi_zero/u-boot-sunxi-with-spl.bin").read_bytes()
    card.write_bytes((bytes(SPL_OFFSET) + loader).ljust(64 * MIB, b"\0"))
    guest = Guest("chain-orange-pxe", machine=ORANGEPI_PC, disks=[Disk(card)], network=f"tftp={tree}/").start()
    try:
        record_property("orangepi-pc from power-on by SPL and PXE to ssh, s", round(guest.wait_for_ssh(400)))
        said = said_since_power_on(guest)
        in_order(said, "U-Boot SPL 20", "Trying to boot from MMC1", "Allwinner Technology", f"pxelinux.cfg/01-{ORANGEPI_MAC.replace(':', '-')}")
        for file in ("armhf/zImage", "armhf/initramfs.zst", "armhf/dtbs/sun8i-h3-orangepi-pc.dtb"):
            assert f"Filename '{file}'." in said
        guest.wait_for_name("orange-01")
        assert guest.run("cat /sys/class/net/eth0/address").strip() == ORANGEPI_MAC
        assert guest.wait_for_storage()[0] == "10.0.2.2:/uebo/orange-01"
        boinc_answers_over_ssh(guest)
    finally:
        guest.destroy()
        server.kill()


def test_an_orange_pi_boots_from_its_card_alone_to_boinc_on_the_card(record_property: Record) -> None:
    fetched("u-boot-sunxi", "armhf")
    card = WORK / "orange-01.img"
    said = buildstep("sdcard", "orange-01", "--fleet", str(fleet_file("orange-card", "")), "--output", str(card))
    assert "no boot loader" not in said
    guest = Guest("chain-orange-card", machine=ORANGEPI_PC, disks=[Disk(card)]).start()
    try:
        record_property("orangepi-pc from power-on by its card to ssh, s", round(guest.wait_for_ssh(400)))
        said = said_since_power_on(guest)
        in_order(said, "U-Boot SPL 20", "Trying to boot from MMC1", "Allwinner Technology", "/extlinux/extlinux.conf", "/zImage")
        assert "TFTP" not in said
        guest.wait_for_name("orange-01")
        assert guest.wait_for_storage()[0] == "/dev/mmcblk0p2"
        boinc_answers_over_ssh(guest)
    finally:
        guest.destroy()


def test_a_board_with_uboot_in_flash_boots_from_a_card_without_a_loader() -> None:
    card = WORK / "virt-01.img"
    said = buildstep("sdcard", "virt-01", "--fleet", str(fleet_file("virt-card", "")), "--output", str(card))
    assert "no boot loader is on the card" in said
    guest = Guest("chain-virt-card", machine=VIRT, disks=[Disk(card)], extra=["-bios", str(bookworms_uboot())]).start()
    try:
        guest.wait_for_ssh(300)
        assert "/extlinux/extlinux.conf" in guest.console and "TFTP" not in guest.console
        guest.wait_for_name("virt-01")
        assert guest.wait_for_storage()[0] == "/dev/vda2"
        boinc_answers_over_ssh(guest)
    finally:
        guest.destroy()
