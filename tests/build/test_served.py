"""What buildsteps/pxe writes, in the hands of the real programs: dnsmasq serves the tree, mkimage knows the images."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fleet import boot_script, uimage
from fleet.board import ROOT, load

FLEET = """\
[network]
subnet = "10.0.0.0/24"
{range}
[[node]]
name = "a"
board = "pine64-plus"
macs = ["02:00:00:00:00:01"]
"""
DTB = "allwinner/sun50i-a64-pine64-plus.dtb"


def written(folder: Path, fleet: str) -> Path:
    """The tree that the command makes of small stand-ins for the images; a kernel of 3 MB, so that TFTP has something to do."""
    images = folder / "images/aarch64"
    (images / "dtbs" / DTB).parent.mkdir(parents=True)
    (images / "dtbs" / DTB).write_bytes(b"device tree")
    (images / "Image").write_bytes(os.urandom(3_000_000))
    (images / "initramfs.zst").write_bytes(b"initramfs")
    (folder / "fleet.toml").write_text(fleet)
    subprocess.run([str(ROOT / "buildsteps/pxe"), "--fleet", str(folder / "fleet.toml"), "--images", str(folder / "images"), "--output",
                    str(folder / "tftproot")], check=True, capture_output=True)  # fmt: skip
    return folder / "tftproot"


def ask_dnsmasq(tree: Path, files: list[str]) -> dict[str, Any]:
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user", "--map-auto"]
    command = ["unshare", *own, "--net", str(Path(__file__).with_name("served.py")), str(tree.parent / "dnsmasq.conf"),
               str(tree.parent / "leases"), *files]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "tests")})
    assert said.returncode == 0, said.stderr
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def test_dnsmasq_gives_a_board_its_address_its_boot_file_and_every_file_of_the_tree(tmp_path: Path) -> None:
    tree = written(tmp_path, FLEET.format(range='range = ["10.0.0.100", "10.0.0.200"]'))
    files = {str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest() for path in tree.rglob("*") if path.is_file()}
    assert {"boot.scr.uimg", "aarch64/Image", "pxelinux.cfg/01-02-00-00-00-00-01", f"aarch64/dtbs/{DTB}"} <= set(files)
    answer = ask_dnsmasq(tree, [*files, "nothing", "../fleet.toml"])
    assert answer["files"] == files | {"nothing": None, "../fleet.toml": None}
    offer = answer["u-boot"]
    assert offer["address"].startswith("10.0.0.1") and (offer["next-server"], offer["boot-file"]) == ("10.0.0.1", "boot.scr.uimg")
    assert answer["raspberry-pi"]["address"].startswith("10.0.0.1") and "Raspberry Pi Boot" in answer["raspberry-pi"]["vendor"]


def test_beside_another_server_dnsmasq_gives_no_address_and_answers_a_raspberry_pi(tmp_path: Path) -> None:
    tree = written(tmp_path, FLEET.format(range=""))
    answer = ask_dnsmasq(tree, ["boot.scr.uimg"])
    assert answer["files"]["boot.scr.uimg"]
    assert answer["u-boot"] is None
    pi = answer["raspberry-pi"]
    assert (pi["address"], pi["class"]) == ("0.0.0.0", "PXEClient") and "Raspberry Pi Boot" in pi["vendor"]


# --- mkimage


def listed(folder: Path, image: bytes) -> subprocess.CompletedProcess[str]:
    file = folder / "image"
    file.write_bytes(image)
    return subprocess.run(["mkimage", "-l", str(file)], capture_output=True, text=True)


@pytest.mark.parametrize(("image", "lines"), [
    (boot_script.image(load().values()), ["Image Type:   ARM Linux Script (uncompressed)", "Entry Point:  00000000"]),
    (uimage.kernel("armhf", b"kernel" * 99, 0x208000), ["Image Type:   ARM Linux Kernel Image (uncompressed)", "Load Address: 00208000",
                                                        "Entry Point:  00208000"]),
    (uimage.ramdisk("armhf", b"initramfs"), ["Image Type:   ARM Linux RAMDisk Image (uncompressed)", "Data Size:    9 Bytes"]),
    (uimage.ramdisk("aarch64", b"initramfs"), ["Image Type:   AArch64 Linux RAMDisk Image (uncompressed)"]),
], ids=["boot.scr.uimg", "uImage", "uInitrd", "uInitrd of aarch64"])  # fmt: skip
def test_mkimage_knows_the_images_and_finds_their_sums_right(tmp_path: Path, image: bytes, lines: list[str]) -> None:
    said = listed(tmp_path, image)
    assert said.returncode == 0 and all(line in said.stdout for line in lines), said.stdout + said.stderr
    for place in (40, len(image) - 1):
        damaged = bytearray(image)
        damaged[place] ^= 1
        assert "Image Type" not in listed(tmp_path, bytes(damaged)).stdout
