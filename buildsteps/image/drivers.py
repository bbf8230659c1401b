"""Which drivers a kernel has for a node of a device tree: modules by their aliases, and what is built in."""

from __future__ import annotations

import lzma
import pathlib
import re
from collections.abc import Iterator

from image.kernel_modules import Modules

_XZ = b"\xfd7zXZ\0"


class Drivers:
    """`kernel` is the kernel image: what is built in is known by its match tables and texts."""

    def __init__(self, modules: Modules, kernel: bytes) -> None:
        self.modules = modules
        image = unpacked(kernel)
        self._texts = set(re.findall(rb"(?<=\0)[!-~]+(?=\0)", image))
        self._matched = set(_match_tables(image))
        self._of: dict[str, set[str]] = {}
        self._platform: dict[str, set[str]] = {}
        self._usb: list[tuple[str, str]] = []
        self._mdio: list[tuple[re.Pattern[str], str]] = []
        for alias, module in modules.aliases:
            kind, _, rest = alias.partition(":")
            if kind == "of" and (found := re.fullmatch(r"N.*T.*?C(.+?)(C\*)?", rest)):
                self._of.setdefault(found[1], set()).add(module)
            elif kind == "platform":
                self._platform.setdefault(rest, set()).add(module)
            elif kind == "usb":
                self._usb.append((rest, module))
            elif kind == "mdio":
                self._mdio.append((re.compile(rest.replace("?", "[01]")), module))

    def of(self, compatible: str) -> set[str]:
        """The modules for one compatible, those of a USB device's or a PHY's ID included."""
        found = set(self._of.get(compatible, ()))
        if usb := re.fullmatch(r"usb([0-9a-f]+),([0-9a-f]+)", compatible):
            start = f"v{int(usb[1], 16):04X}p{int(usb[2], 16):04X}"
            found |= {module for alias, module in self._usb if alias.startswith(start)}
        if phy := re.fullmatch(r"ethernet-phy-id([0-9a-f]{4})\.([0-9a-f]{4})", compatible.lower()):
            bits = f"{int(phy[1] + phy[2], 16):032b}"
            found |= {module for pattern, module in self._mdio if pattern.fullmatch(bits)}
        return found

    def platform(self, device: str) -> set[str]:
        return set(self._platform.get(device, ()))

    def is_builtin(self, compatible: str) -> bool:
        """Whether the kernel itself has a driver for it."""
        return compatible.encode() in self._matched

    def names(self, device: str) -> bool:
        """Whether the kernel itself has the name of a platform device, as its driver would."""
        return device.encode() in self._texts


def _match_tables(image: bytes) -> Iterator[bytes]:
    """The compatibles of struct of_device_id (include/linux/mod_devicetable.h): name and type, 32 bytes each and nearly always
    empty, then 128 bytes for the compatible. A text of a quirk or a message is no entry of such a table."""
    for found in re.finditer(rb"(?<=\0{64})[!-~]{2,127}(?=\0)", image):
        if not image[found.end() : found.start() + 128].strip(b"\0"):
            yield found[0]


def unpacked(kernel: bytes) -> bytes:
    """arm64's Image is the kernel itself; a zImage of Debian has it compressed by xz, behind the code that unpacks it."""
    place = kernel.find(_XZ)
    while place >= 0:
        try:
            return lzma.LZMADecompressor().decompress(kernel[place:])
        except lzma.LZMAError:
            place = kernel.find(_XZ, place + 1)
    return kernel


def read(modules: Modules, kernel: pathlib.Path) -> Drivers:
    return Drivers(modules, kernel.read_bytes())
