"""A card that boots a node: boot loader, a FAT with what it loads, and the storage. Written as a plain file, without root."""

import pathlib
import shutil
import subprocess
import tempfile

from fleet import board, boot_script, pxelinux, raspberry_pi, uimage
from fleet.board import MIB
from fleet.fleet import Node
from fleet.images import Images, place

# Loaders lie before the first partition: Rockchip's reaches to 16 MiB (U-Boot at sector 16384 and what follows it).
FAT_START = 16 * MIB
FAT_SIZE = 240 * MIB
SMALLEST = 512 * MIB
_SECTOR = 512

# Debian's U-Boot for the Raspberry Pi has no sysboot: the files are loaded one by one, the initramfs last for its ${{filesize}}.
_SCRIPT = """\
echo UEBO: {name}
{addresses}setenv bootargs '{append}'
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{kernel_addr_r}} /{kernel}
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{fdt_addr_r}} /dtbs/{dtb}
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{ramdisk_addr_r}} /initramfs.zst
{boot} ${{kernel_addr_r}} ${{ramdisk_addr_r}}:${{filesize}} ${{fdt_addr_r}}
"""

# For the loader of Odroid boards, which knows neither extlinux nor zImage (its first line is what it looks for).
_BOOT_INI = """\
ODROIDC-UBOOT-CONFIG

setenv bootargs '{append}'
fatload mmc 0:1 {kernel_addr_r:#010x} uImage
fatload mmc 0:1 {ramdisk_addr_r:#010x} uInitrd
fatload mmc 0:1 {fdt_addr_r:#010x} {dtb}
bootm {kernel_addr_r:#010x} {ramdisk_addr_r:#010x} {fdt_addr_r:#010x}
"""


def write(target: pathlib.Path, size: int, node: Node, images: Images, loader: pathlib.Path | None,
          firmware: pathlib.Path | None) -> None:  # fmt: skip
    """`loader`: where the files of the board's loader package lie. The card appears under its name when it is complete."""
    fresh = target.with_name(target.name + ".new")
    fresh.unlink(missing_ok=True)
    with fresh.open("wb") as card:
        card.truncate(size)
    _partition(fresh)
    _boot_partition(fresh, node, images, firmware)
    _storage(fresh, size)
    if node.board.loader and loader:
        for name, offset in node.board.loader.writes.items():
            _write_at(fresh, offset, (loader / name).read_bytes())
    fresh.rename(target)


def _run(*command: str, given: str = "") -> None:
    subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE, text=True)


def _partition(card: pathlib.Path) -> None:
    """MBR: every loader reads it, and no table of GPT lies where Allwinner's and Rockchip's loaders are."""
    table = f"""label: dos
start={FAT_START // _SECTOR}, size={FAT_SIZE // _SECTOR}, type=c, bootable
start={(FAT_START + FAT_SIZE) // _SECTOR}, type=83
"""
    _run("sfdisk", "--quiet", str(card), given=table)


def _boot_partition(card: pathlib.Path, node: Node, images: Images, firmware: pathlib.Path | None) -> None:
    start = str(FAT_START // _SECTOR)
    # Clusters of 2 KiB: with larger ones a card of this size had too few for FAT32.
    _run("mkfs.vfat", "-F", "32", "-s", "4", "-n", "UEBO", "--offset", start, str(card), str(FAT_SIZE // 1024))
    with tempfile.TemporaryDirectory(dir=card.parent) as folder:
        files = pathlib.Path(folder)
        fill(files, node, images, firmware)
        _run("mcopy", "-s", "-i", f"{card}@@{FAT_START}", *(str(path) for path in sorted(files.iterdir())), "::")


def fill(folder: pathlib.Path, node: Node, images: Images, firmware: pathlib.Path | None) -> None:
    """The files of the FAT."""
    arch = node.board.arch
    if node.board.raspberry_pi and firmware:
        # The firmware loads the kernel itself.
        raspberry_pi.fill(folder, images, arch, [node.dtb], node.dtb, node.append, firmware)
        return
    if node.board.uimage_load is not None:
        _legacy(folder, node, images, node.board.uimage_load)
        return
    place(images.kernel(arch), folder / board.kernel_image(arch))
    place(images.initramfs(arch), folder / "initramfs.zst")
    if node.dtb:
        place(images.dtbs(arch) / node.dtb, folder / "dtbs" / node.dtb)
    if node.board.uboot and node.board.uboot.set_by_script:
        (folder / "boot.scr").write_bytes(uimage.script(_script(node)))
        return
    fdt = f"/dtbs/{node.dtb}" if node.dtb else ""
    text = pxelinux.text(pxelinux.Entry(node.name, f"/{board.kernel_image(arch)}", "/initramfs.zst", node.append, fdt))
    (folder / "extlinux").mkdir()
    (folder / "extlinux/extlinux.conf").write_text(text)


def _script(node: Node) -> str:
    """For boards whose addresses have to be set first: U-Boot prefers extlinux.conf to a script, so there is none."""
    kernel = board.kernel_image(node.board.arch)
    boot = "booti" if node.board.arch == "aarch64" else "bootz"
    return _SCRIPT.format(name=node.name, addresses=boot_script.addresses([node.board]), append=node.append, kernel=kernel,
                          dtb=node.dtb, boot=boot)  # fmt: skip


def _legacy(folder: pathlib.Path, node: Node, images: Images, load: int) -> None:
    assert node.board.uboot
    kernel, initramfs = uimage.both(node.board.arch, images.kernel(node.board.arch), images.initramfs(node.board.arch), load)
    (folder / "uImage").write_bytes(kernel)
    (folder / "uInitrd").write_bytes(initramfs)
    place(images.dtbs(node.board.arch) / node.dtb, folder / node.dtb)
    (folder / "boot.ini").write_text(_BOOT_INI.format(append=node.append, dtb=node.dtb, **node.board.uboot.addresses))


def _storage(card: pathlib.Path, size: int) -> None:
    start = FAT_START + FAT_SIZE
    blocks = (size - start) // 1024
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "storage", "-E", f"offset={start}", str(card), f"{blocks}k")


def _write_at(card: pathlib.Path, offset: int, data: bytes) -> None:
    with card.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def loader_files(node: Node, folder: pathlib.Path | None) -> pathlib.Path | None:
    """Where the board's loader lies: in `folder`, or where its package puts it on a machine of the board's architecture."""
    if not node.board.loader:
        return None
    places = [folder] if folder else [pathlib.Path("/usr/lib/u-boot")]
    return next((place for place in places if all((place / name).exists() for name in node.board.loader.writes)), None)


def tools_missing() -> list[str]:
    """The Debian packages that are needed and not here."""
    needed = {"sfdisk": "fdisk", "mkfs.vfat": "dosfstools", "mcopy": "mtools", "mke2fs": "e2fsprogs"}
    return sorted({package for tool, package in needed.items() if not shutil.which(tool)})
