"""What a kernel's own header says about the memory that it takes."""

import pathlib
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class KernelImage:
    file_size: int
    # arm64: memory from the place where it runs, with its BSS. zImage: of the unpacked kernel at the start of RAM.
    memory_size: int
    kind: str  # "Image", "zImage" or "other"


# Documentation/arch/arm64/booting.rst: code0, code1, text_offset, image_size, flags, res2-4, magic
_ARM64 = struct.Struct("<IIQQQQQQ4s")
# arch/arm/boot/compressed/head.S: magic, start, end, endianness, magic of the table, place of the table
_ZIMAGE = struct.Struct("<IIIIII")
_ZIMAGE_MAGIC, _TABLE_MAGIC, _SIZES_TAG = 0x016F2818, 0x45454545, 0x5A534C4B
# arch/arm/Makefile, textofs-y: 0x8000, but this in a kernel that can run on Amlogic's Meson, as Debian's can.
_TEXT_OFFSET = 0x208000


def read(path: pathlib.Path) -> KernelImage:
    data = path.read_bytes()
    if len(data) >= 64 and data[56:60] == b"ARM\x64":
        image_size = _ARM64.unpack_from(data)[3]
        return KernelImage(len(data), max(image_size, len(data)), "Image")
    if len(data) >= 0x3C and struct.unpack_from("<I", data, 0x24)[0] == _ZIMAGE_MAGIC:
        return KernelImage(len(data), _unpacked(data), "zImage")
    return KernelImage(len(data), len(data), "other")


def _unpacked(data: bytes) -> int:
    """From the table that arch/arm/boot/compressed/vmlinux.lds.S writes for boot loaders."""
    _, _, _, _, table_magic, table = _ZIMAGE.unpack_from(data, 0x24)
    if table_magic == _TABLE_MAGIC:
        words, tag, size_place, bss = struct.unpack_from("<IIII", data, table)
        if tag == _SIZES_TAG and words >= 4:
            return int(struct.unpack_from("<I", data, size_place)[0]) + int(bss) + _TEXT_OFFSET
    # An older kernel: no zImage is packed tighter than this.
    return len(data) * 5
