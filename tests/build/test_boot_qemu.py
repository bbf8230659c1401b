"""boot-qemu with an emulator that only says how it was called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fleet.board import ROOT

# With -S no guest runs: the question whether KVM makes a processor at all.
EMULATOR = """\
#!/bin/sh
case " $* " in *" -S "*) exit {answer} ;; esac
echo "called: $*"
"""


def booted(folder: Path, platform: str, kernel: str, program: str, answer: int, *words: str) -> str:
    for name in (kernel, "initramfs.zst"):
        (folder / platform).mkdir(exist_ok=True)
        (folder / platform / name).write_text(name)
    (folder / "storage.img").touch()
    emulator = folder / program
    emulator.write_text(EMULATOR.format(answer=answer))
    emulator.chmod(0o755)
    command = [str(ROOT / "buildsteps/boot-qemu"), *(words or [platform]), "--images", str(folder),
               "--storage", str(folder / "storage.img")]  # fmt: skip
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    return next(line for line in said.splitlines() if line.startswith("called: "))


@pytest.mark.parametrize(("answer", "accelerated"), [(0, True), (134, False)])
def test_a_pc_gets_kvm_where_it_works(tmp_path: Path, answer: int, accelerated: bool) -> None:
    called = booted(tmp_path, "amd64", "bzImage", "qemu-system-x86_64", answer)
    assert ("accel=kvm" in called) == accelerated
    assert f"-kernel {tmp_path}/amd64/bzImage" in called and "console=ttyS0" in called


def test_a_platform_of_two_architectures_is_the_first_ones_machine(tmp_path: Path) -> None:
    called = booted(tmp_path, "aarch64+armhf", "Image", "qemu-system-aarch64", 0)
    assert "-cpu cortex-a53" in called and f"-initrd {tmp_path}/aarch64+armhf/initramfs.zst" in called


@pytest.mark.parametrize(("board", "platform", "kernel", "program", "machine", "dtb", "nic"), [
    ("orangepi-pc", "armhf", "zImage", "qemu-system-arm", "orangepi-pc", "sun8i-h3-orangepi-pc.dtb", "-nic user"),
    ("raspberry-pi-2b", "armhf", "zImage", "qemu-system-arm", "raspi2b", "bcm2836-rpi-2-b.dtb", "usb-net"),
    ("raspberry-pi-3b", "aarch64", "Image", "qemu-system-aarch64", "raspi3b", "broadcom/bcm2837-rpi-3-b.dtb", "usb-net"),
])  # fmt: skip
def test_a_board_has_its_device_tree_its_card_slot_and_its_network(
    tmp_path: Path, board: str, platform: str, kernel: str, program: str, machine: str, dtb: str, nic: str
) -> None:
    called = booted(tmp_path, platform, kernel, program, 0, "--board", board)
    assert f"-machine {machine} -dtb {tmp_path}/{platform}/dtbs/{dtb}" in called
    assert "if=sd" in called and nic in called and "virtio" not in called and "-smp" not in called


def test_a_board_that_qemu_does_not_emulate_is_refused() -> None:
    refused = subprocess.run([str(ROOT / "buildsteps/boot-qemu"), "--board", "pine64-plus"], capture_output=True, text=True)
    assert refused.returncode == 1 and "QEMU emulates orangepi-pc, raspberry-pi-2b and raspberry-pi-3b" in refused.stderr


def test_a_raspberry_pi_3_shows_its_second_line(tmp_path: Path) -> None:
    called = booted(tmp_path, "aarch64", "Image", "qemu-system-aarch64", 0, "--board", "raspberry-pi-3b")
    assert "console=ttyS1,115200" in called and "-serial null -serial mon:stdio" in called


@pytest.mark.parametrize(("words", "why"), [
    (["armhf", "--board", "orangepi-pc"], "its platform is its own"),
    (["--pxe", "--board", "orangepi-pc"], "the board that boots by PXE is QEMU's virt"),
    (["armhf", "--pxe"], "U-Boot boots aarch64 and aarch64+armhf here, not armhf"),
])  # fmt: skip
def test_what_does_not_go_together_is_refused(words: list[str], why: str) -> None:
    refused = subprocess.run([str(ROOT / "buildsteps/boot-qemu"), *words], capture_output=True, text=True)
    assert refused.returncode == 1 and why in refused.stderr


def test_the_network_card_needs_no_rom_file(tmp_path: Path) -> None:
    """Debian's emulator only recommends the package that has it."""
    assert "e1000,romfile=," in booted(tmp_path, "aarch64", "Image", "qemu-system-aarch64", 0)
