"""Whether kernel, initramfs and device tree find room at the addresses where a board's U-Boot loads them."""

from dataclasses import dataclass

from fleet.board import MIB, Board
from fleet.kernel_image import KernelImage

# A device tree with what U-Boot adds to it.
FDT_ROOM = 256 * 1024
_TWO_MIB = 2 * MIB
# Where U-Boot itself runs after relocation: at the end of RAM, with its heap and stack.
_UBOOT_ROOM = 16 * MIB


@dataclass(frozen=True)
class Region:
    what: str
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size

    def __str__(self) -> str:
        return f"{self.what} ({self.size / MIB:.1f} MiB at {self.start:#x} to {self.end:#x})"


def regions(board: Board, kernel: KernelImage, initramfs: int) -> list[Region]:
    """What lies in RAM when the kernel starts."""
    assert board.uboot
    address = board.uboot.addresses
    start = address["kernel_addr_r"]
    if kernel.kind == "Image":
        # booti moves it to the next 2 MiB (arch/arm/lib/image.c, booti_setup()).
        moved = -start % _TWO_MIB
        found = [Region("the kernel", start, kernel.memory_size + moved)]
    else:
        found = [Region("the kernel", start, kernel.file_size)]
    return [
        *found,
        Region("the device tree", address["fdt_addr_r"], FDT_ROOM),
        Region("the initramfs", address["ramdisk_addr_r"], initramfs),
    ]


def overlaps(board: Board, kernel: KernelImage, initramfs: int) -> list[str]:
    """What is wrong, one text each."""
    if not board.uboot:
        return []
    placed = regions(board, kernel, initramfs)
    found = []
    for number, first in enumerate(placed):
        for second in placed[number + 1 :]:
            if first.start < second.end and second.start < first.end:
                found.append(f"{first} and {second} overlap")
    end = board.uboot.ram + board.memory * MIB - _UBOOT_ROOM
    for region in placed:
        if region.start < board.uboot.ram or region.end > end:
            found.append(f"{region} lies outside RAM ({board.uboot.ram:#x} to {end:#x}, U-Boot's own place left out)")
    # These are made when all has been loaded, and may run over what lies there; the kernel itself moves out of the way.
    for moved in _moved(board, kernel):
        for region in placed[1:]:
            if region.start < moved.end and moved.start < region.end:
                found.append(f"{moved} and {region} overlap")
    return found


def _moved(board: Board, kernel: KernelImage) -> list[Region]:
    assert board.uboot
    found = []
    if board.uimage_load is not None:
        found.append(Region("the kernel at its load address", board.uimage_load, kernel.file_size))
    if kernel.kind == "zImage":
        found.append(Region("the unpacked kernel", board.uboot.ram, kernel.memory_size))
    return found
