"""What the Raspberry Pi's own loader reads, from TFTP or from a FAT: config.txt, cmdline.txt and its firmware.

It asks for SERIAL/FILE first, and for FILE where SERIAL/start.elf (start4.elf) is missing; SERIAL are the last 8 digits
of the board's serial number (Raspberry Pi documentation, "Network booting").
"""

import pathlib
from collections.abc import Iterable

from fleet import board
from fleet.board import Board
from fleet.fleet import Fleet
from fleet.images import Images, place

# Where Debian's raspi-firmware puts it.
PACKAGE_FOLDER = pathlib.Path("/usr/lib/raspi-firmware")
_FIRMWARE = ("bootcode.bin", "start*.elf", "fixup*.dat")


def firmware(wanted: pathlib.Path | None) -> pathlib.Path | None:
    """The folder with the Pi's firmware, where there is one."""
    folder = wanted or PACKAGE_FOLDER
    return folder if any(folder.glob("start*.elf")) else None


def config(arch: str, dtb: str) -> str:
    """followkernel: right behind the kernel, so that they can't overlap."""
    lines = [*_kernel(arch, ""), "enable_uart=1"]
    if dtb:
        lines.append(f"device_tree={pathlib.PurePosixPath(dtb).name}")
    return "\n".join(lines) + "\n"


def _kernel(arch: str, folder: str) -> list[str]:
    bits = ["arm_64bit=1"] if arch == "aarch64" else ["arm_64bit=0"]
    return [*bits, f"kernel={folder}{board.kernel_image(arch)}", f"initramfs {folder}initramfs.zst followkernel"]


def shared_config(kinds: Iterable[Board]) -> str:
    """For Pis of several models: each finds its own part. upstream_kernel: the firmware chooses the device tree by Linux's
    own name for it, not by that of Raspberry Pi's kernel."""
    lines = ["enable_uart=1", "upstream_kernel=1"]
    for kind in kinds:
        lines += [f"[{kind.raspberry_pi}]", *_kernel(kind.arch, f"{kind.arch}/")]
    return "\n".join(lines) + "\n"


def fill(folder: pathlib.Path, images: Images, arch: str, dtbs: list[str], dtb: str, append: str, source: pathlib.Path) -> None:
    """Everything for one board in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _place_firmware(source, folder)
    _place(images.kernel(arch), folder / board.kernel_image(arch))
    _place(images.initramfs(arch), folder / "initramfs.zst")
    for name in dtbs:
        _place(images.dtbs(arch) / name, folder / pathlib.PurePosixPath(name).name)
    (folder / "config.txt").write_text(config(arch, dtb))
    (folder / "cmdline.txt").write_text(append + "\n")


def _place_firmware(source: pathlib.Path, folder: pathlib.Path) -> None:
    for pattern in _FIRMWARE:
        for file in source.glob(pattern):
            _place(file, folder / file.name)


def _place(source: pathlib.Path, target: pathlib.Path) -> None:
    if source.exists() and not target.exists():
        place(source, target)


def write(root: pathlib.Path, images: Images, fleet: Fleet, boards: Iterable[Board], source: pathlib.Path) -> None:
    """SERIAL/ for each Pi that names its serial number, and files at the root for every other."""
    for node in fleet.nodes:
        if node.board.raspberry_pi and node.serial:
            fill(root / node.serial, images, node.board.arch, [node.dtb], node.dtb, node.append, source)
    kinds = [kind for kind in boards if kind.raspberry_pi]
    if not kinds:
        return
    _place_firmware(source, root)
    for kind in kinds:
        for name in kind.dtbs:
            _place(images.dtbs(kind.arch) / name, root / pathlib.PurePosixPath(name).name)
    (root / "config.txt").write_text(shared_config(kinds))
    (root / "cmdline.txt").write_text(fleet.default_append + "\n")
