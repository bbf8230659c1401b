"""A node as in a rack: U-Boot, DHCP and TFTP, the tree that buildsteps/pxe makes of a fleet's file, and storage over NFS."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import PASSWORD
from support import disks
from support.guest import WORK, Guest
from support.loaders import bookworms_uboot, fetched
from support.machine import AARCH64, IMAGES, ROOT, PoweredOn
from support.nfs_server import NfsServer
from support.waiting import wait_for
from terminal import LEAVE, TerminalGuest

FULL = pytest.mark.full
# The MAC address of QEMU's first network card.
MAC = "52:54:00:12:34:56"
SECOND_MAC = "52:54:00:12:34:07"
# What the commands below emulate.
RACK = PoweredOn("virt by U-Boot", AARCH64, "qemu-system-aarch64", memory=1024)


def fleet(nfs_port: int) -> str:
    return f"""\
[defaults]
uebo.nfsdir = "10.0.2.2:/uebo/{{name}},port={nfs_port}"
uebo.boinc.password = "{PASSWORD}"
append = "panic=30"

[[node]]
name = "rack-07"
board = "qemu-virt-aarch64"
macs = ["{MAC}"]

[[node]]
name = "rack-08"
board = "qemu-virt-aarch64"
macs = ["{SECOND_MAC}"]
"""


def make_tree(folder: Path, fleet: str) -> None:
    """`folder` gets the out/tftproot that somebody's tree has."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "fleet.toml").write_text(fleet)
    subprocess.run([str(ROOT / "buildsteps/pxe"), "--fleet", str(folder / "fleet.toml"), "--images", str(IMAGES), "--output",
                    str(folder / "out/tftproot")], check=True, capture_output=True)  # fmt: skip


def readme_command() -> str:
    """The command of README, "Fleet", in one line."""
    found = re.search(r"^(qemu-system-aarch64 (?:.*\\\n)*.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert found
    return " ".join(found[1].replace("\\\n", " ").split())


# As the design has it.
SEED = ("qemu-system-aarch64 -m 1024 -machine virt -cpu cortex-a53 -bios u-boot.bin -nographic -device e1000,netdev=mynet0 "
        "-netdev user,id=mynet0,tftp=out/tftproot/,hostfwd=tcp::5555-:22")  # fmt: skip


def by_hand(name: str, folder: Path, uboot: Path) -> TerminalGuest:
    """The command as it stands, given in a directory that has its u-boot.bin and its out/tftproot; only the port is a free one."""
    (folder / "u-boot.bin").unlink(missing_ok=True)
    (folder / "u-boot.bin").symlink_to(uboot)
    guest = TerminalGuest(name, machine=RACK, folder=folder)
    guest.words = shlex.split(SEED.replace("tcp::5555", f"tcp::{guest.ports[22]}"))
    return guest


def boinc_over_ssh(guest: Guest, password: str) -> str:
    guest.wait_for_state("boinc", "running", 120)
    asked = f"boinccmd --passwd {password} --get_state"
    return wait_for(lambda: guest.try_run(asked).stdout, "BOINC answers over ssh", 60, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[NfsServer]:
    server = NfsServer("pxe")
    for name in ("rack-07", "rack-08"):
        (server.data / name).mkdir()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def folder(server: NfsServer) -> Path:
    folder = WORK / "rack"
    make_tree(folder, fleet(server.port))
    return folder


# --- the quick part: the command of the design, word by word


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Guest]:
    guest = by_hand("pxe-node", folder, bookworms_uboot()).start()
    try:
        guest.wait_for_ssh(240)
        yield guest
    finally:
        guest.destroy()


def test_the_readme_has_the_command_of_the_design() -> None:
    assert readme_command() == SEED


def test_the_node_comes_by_uboot_dhcp_and_tftp_alone(node: Guest) -> None:
    said = node.console
    assert "Filename 'boot.scr.uimg'." in said
    assert f"Filename 'pxelinux.cfg/01-{MAC.replace(':', '-')}'." in said
    assert "Filename 'aarch64/Image'." in said and "Filename 'aarch64/initramfs.zst'." in said


def test_it_has_the_name_of_its_entry(node: Guest) -> None:
    node.wait_for_name("rack-07")


def test_its_storage_is_its_own_directory_on_the_host(node: Guest, server: NfsServer) -> None:
    mount = node.wait_for_storage()
    assert (mount[0], mount[2]) == ("10.0.2.2:/uebo/rack-07", "nfs4") and f"port={server.port}" in mount[3]
    node.run("echo from the node > /storage/said && sync")
    assert (server.data / "rack-07/said").read_text() == "from the node\n"


def test_boinc_answers_over_ssh_and_works_in_the_export(node: Guest, server: NfsServer) -> None:
    assert "======== Projects ========" in boinc_over_ssh(node, PASSWORD)
    wait_for(lambda: (server.data / "rack-07/boinc/client_state.xml").exists(), "BOINC has written its state", 60, 0.5)


# --- the full part


@FULL
def test_trixies_uboot_boots_it_when_its_prompt_is_told_to(folder: Path, server: NfsServer) -> None:
    uboot = fetched("u-boot-qemu", "aarch64", "trixie") / "qemu_arm64/u-boot.bin"
    guest = by_hand("pxe-trixie", folder, uboot).start()
    try:
        guest.wait_for_console("(0 bootflows, 0 valid)", 120)
        assert "pxelinux.cfg" not in guest.console, "by itself it does not look there"
        guest.type("setenv boot_targets pxe; boot\n")
        guest.wait_for_console("dropbear: running", 240)
        guest.wait_for_ssh()
        guest.wait_for_name("rack-07")
    finally:
        guest.destroy()


@FULL
def test_a_board_that_no_entry_knows_gets_the_defaults_and_a_name_of_its_own(server: NfsServer) -> None:
    folder = WORK / "rack-unknown"
    make_tree(folder, fleet(server.port).replace(MAC, "52:54:00:12:34:09"))
    guest = by_hand("pxe-unknown", folder, bookworms_uboot()).start()
    try:
        guest.wait_for_ssh(240)
        assert "Filename 'pxelinux.cfg/default-arm'." in guest.console
        guest.wait_for_name("uebo-" + MAC.replace(":", "")[-6:])
        assert "uebo_boinc_password" in guest.run("cat /run/bootargs")
        assert "uebo_nfsdir" not in guest.run("cat /run/bootargs"), "{name} stands for nobody here"
    finally:
        guest.destroy()


@FULL
def test_a_server_that_is_not_ready_is_asked_again_and_no_default_takes_the_entrys_place(folder: Path) -> None:
    late = WORK / "rack-late"
    shutil.rmtree(late, ignore_errors=True)
    shutil.copytree(folder, late, symlinks=True)
    kernel = late / "out/tftproot/aarch64/Image"
    kernel.rename(late / "Image")
    guest = by_hand("pxe-late", late, bookworms_uboot()).start()
    try:
        guest.wait_for_console("UEBO: no entry of pxelinux.cfg could be booted. Trying again", 240)
        assert "Filename 'aarch64/pxelinux.cfg" not in guest.console
        (late / "Image").rename(kernel)
        guest.wait_for_ssh(240)
        guest.wait_for_name("rack-07")
    finally:
        guest.destroy()


def wrapped(name: str, *words: str) -> TerminalGuest:
    """buildsteps/boot-qemu --pxe as a user gives it, but for images, ports and files of the tests' own."""
    guest = TerminalGuest(name, machine=RACK)
    guest.words = ["buildsteps/boot-qemu", "--pxe", *words, "--images", str(IMAGES), "--ssh-port", str(guest.ports[22]), "--rpc-port",
                   str(guest.ports[31416])]  # fmt: skip
    return guest


def leave(guest: TerminalGuest) -> None:
    guest.type(LEAVE)
    guest.wait_for_power_off(30)


@FULL
def test_boot_qemu_boots_a_node_of_the_fleet_the_same_way(folder: Path, server: NfsServer) -> None:
    guest = wrapped("pxe-wrapped", "rack-08", "--fleet", str(folder / "fleet.toml")).start()
    try:
        guest.wait_for_console(f"Filename 'pxelinux.cfg/01-{SECOND_MAC.replace(':', '-')}'.", 240)
        guest.wait_for_ssh(240)
        guest.wait_for_name("rack-08")
        assert guest.wait_for_storage()[0] == "10.0.2.2:/uebo/rack-08"
        leave(guest)
    finally:
        guest.destroy()


@FULL
def test_boot_qemu_makes_a_node_up_and_tells_how_to_ask_its_boinc(tmp_path: Path) -> None:
    disk = disks.make_ext4(WORK / "pxe-made-up.img")
    guest = wrapped("pxe-made-up", "--storage", str(disk)).start()
    try:
        told = re.search(r"boinccmd --host .*", guest.wait_for_console("Ctrl-A X leaves", 240))
        assert told
        guest.wait_for_ssh(240)
        guest.wait_for_name("qemu")
        guest.wait_for_state("boinc", "running", 120)
        ask = lambda: subprocess.run(shlex.split(told[0]), cwd=tmp_path, capture_output=True, text=True).stdout
        assert "======== Projects ========" in wait_for(ask, "BOINC answers the command that was told", 60, 1)
        leave(guest)
    finally:
        guest.destroy()
