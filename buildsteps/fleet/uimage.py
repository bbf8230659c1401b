"""U-Boot's legacy image format (include/image.h, struct legacy_img_hdr), as mkimage writes it."""

import pathlib
import struct
import zlib

_HEADER = struct.Struct(">IIIIIIIBBBB32s")
_MAGIC = 0x27051956
_LINUX = 5
_ARCHITECTURE = {"armhf": 2, "aarch64": 22, "amd64": 24}
_TYPE = {"kernel": 2, "ramdisk": 3, "script": 6}
_UNCOMPRESSED = 0


def _image(kind: str, arch: str, name: str, data: bytes, load: int = 0) -> bytes:
    fields = (len(data), load, load, zlib.crc32(data), _LINUX, _ARCHITECTURE[arch], _TYPE[kind], _UNCOMPRESSED, name.encode())
    # The time stays 0, so that the same input gives the same file.
    unsigned = _HEADER.pack(_MAGIC, 0, 0, *fields)
    return _HEADER.pack(_MAGIC, zlib.crc32(unsigned), 0, *fields) + data


def kernel(arch: str, data: bytes, load: int) -> bytes:
    return _image("kernel", arch, "UEBO kernel", data, load)


def ramdisk(arch: str, data: bytes) -> bytes:
    return _image("ramdisk", arch, "UEBO initramfs", data)


def both(arch: str, kernel_file: pathlib.Path, initramfs_file: pathlib.Path, load: int) -> tuple[bytes, bytes]:
    """uImage and uInitrd of what the build made."""
    return kernel(arch, kernel_file.read_bytes(), load), ramdisk(arch, initramfs_file.read_bytes())


def script(text: str) -> bytes:
    """For `source`. The data begin with a table of lengths that a 0 ends. Both 32-bit and 64-bit U-Boot take one for arm."""
    body = text.encode()
    return _image("script", "armhf", "UEBO boot script", struct.pack(">II", len(body), 0) + body)
