"""A node as in a rack: U-Boot, DHCP and TFTP, and the tree that buildsteps/pxe makes of a fleet's file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import disks
from conftest import PASSWORD
from guest import WORK, Disk, Guest
from machine import IMAGES, ROOT, VIRT_AARCH64, Machine
from support.waiting import wait_for

UBOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")


@dataclass(frozen=True)
class NetBoot(Machine):
    """A machine with a boot loader of its own: kernel and arguments come from where that looks."""

    def command(self, append: str, initramfs: Path, memory: int) -> list[str]:
        return [self.program, *self.options, "-m", str(memory)]


# The command of README, "A rack": one core, an e1000 with its ROM, and nothing but a TFTP server.
RACK = NetBoot("virt by U-Boot", VIRT_AARCH64.image, "qemu-system-aarch64",
               ["-machine", "virt", "-cpu", "cortex-a53", "-bios", str(UBOOT)], nic="e1000", memory=1024)  # fmt: skip

FLEET = f"""\
[defaults]
uebo.boinc.password = "{PASSWORD}"
append = "panic=30"

[[node]]
name = "rack-07"
board = "qemu-virt-aarch64"
macs = ["52:54:00:12:34:56"]
"""


def make_tree(name: str, fleet: str) -> Path:
    file = WORK / f"{name}.toml"
    file.write_text(fleet)
    tree = WORK / name / "tftproot"
    tree.parent.mkdir(exist_ok=True)
    subprocess.run([str(ROOT / "buildsteps/pxe"), "--fleet", str(file), "--images", str(IMAGES), "--output", str(tree)],
                   check=True, capture_output=True)  # fmt: skip
    return tree


@pytest.fixture(scope="module")
def node() -> Iterator[Guest]:
    tree = make_tree("pxe", FLEET)
    disk = disks.make_ext4(WORK / "pxe.img")
    guest = Guest("pxe-node", machine=replace(RACK), disks=[Disk(disk)], network=f"tftp={tree}/").start()
    try:
        guest.wait_for_ssh(240)
        yield guest
    finally:
        guest.destroy()


def test_the_node_comes_by_uboot_dhcp_and_tftp_alone(node: Guest) -> None:
    said = node.console
    assert "Filename 'boot.scr.uimg'." in said
    assert "Filename 'pxelinux.cfg/01-52-54-00-12-34-56'." in said
    assert "Filename 'aarch64/Image'." in said and "Filename 'aarch64/initramfs.zst'." in said


def test_it_has_the_name_of_its_entry(node: Guest) -> None:
    assert node.run("hostname").strip() == "rack-07"


def test_boinc_answers_on_the_node(node: Guest) -> None:
    node.wait_for_state("boinc", "running", 120)
    asked = f"boinccmd --passwd {PASSWORD} --get_state"
    state = wait_for(lambda: node.try_run(asked).stdout, "BOINC answers over ssh", 60, 1)
    assert "======== Projects ========" in state
