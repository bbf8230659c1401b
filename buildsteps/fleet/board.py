"""The boards that buildsteps/boards/*.toml describe, as far as booting them goes."""

import pathlib
import tomllib
from dataclasses import dataclass, field
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "buildsteps/boards"
MIB = 1 << 20
# Those whose boot loader is U-Boot, or the Raspberry Pi's own.
ARCHITECTURES = ("aarch64", "armhf")


@dataclass(frozen=True)
class UBoot:
    """[u-boot] of a board: what its environment says (include/configs/SOC.h of U-Boot)."""

    soc: str  # as in pxelinux.cfg/default-arm-SOC-BOARD; empty where U-Boot has none
    board: str
    ram: int  # where RAM begins
    addresses: dict[str, int]  # kernel_addr_r, fdt_addr_r, ramdisk_addr_r and others
    # The addresses are ours, since U-Boot's own overlap: boot.scr.uimg sets them.
    set_by_script: bool = False


@dataclass(frozen=True)
class Loader:
    """[loader] of a board: the boot loader that an SD card needs."""

    package: str  # Debian's
    writes: dict[str, int] = field(default_factory=dict)  # file of the package -> offset on the card


@dataclass(frozen=True)
class Board:
    id: str  # the file's name
    name: str
    arch: str
    console: str
    dtbs: list[str]
    memory: int  # MiB of the smallest such board
    uboot: UBoot | None
    loader: Loader | None
    raspberry_pi: str  # has netboot of its own (config.txt, cmdline.txt): what that calls the model, such as "pi3"
    uimage_load: int | None  # its loader is older than zImage: uImage and uInitrd, from an SD card alone


def _board(path: pathlib.Path) -> Board:
    data: dict[str, Any] = tomllib.loads(path.read_text())
    uboot = data.get("u-boot")
    loader = data.get("loader")
    addresses = {key: value for key, value in (uboot or {}).items() if key.endswith(("_addr_r", "scriptaddr"))}
    return Board(
        id=path.stem,
        name=data["name"],
        arch=data["arch"],
        console=data.get("console", ""),
        dtbs=data.get("dtb", []),
        memory=data.get("memory", 512),
        uboot=UBoot(uboot.get("soc", ""), uboot.get("board", ""), uboot["ram"], addresses, uboot.get("set-by-script", False))
        if uboot
        else None,
        loader=Loader(loader["package"], loader.get("writes", {})) if loader else None,
        raspberry_pi=data.get("raspberry-pi-firmware", ""),
        uimage_load=data.get("uimage-load"),
    )


def kernel_image(arch: str) -> str:
    """What the build calls the kernel of that architecture."""
    return str(_platform(arch)["kernel"]["image"])


def debian_architecture(arch: str) -> str:
    return str(_platform(arch)["debian-architecture"])


def _platform(arch: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "buildsteps/platforms" / f"{arch}.toml").read_text())


def platforms() -> list[str]:
    """The images that boards can boot: of an architecture, or of one that runs another's programs too (aarch64+armhf)."""
    found = [path.stem for path in (ROOT / "buildsteps/platforms").glob("*.toml")]
    return sorted(name for name in found if name.partition("+")[0] in ARCHITECTURES)


def load() -> dict[str, Board]:
    """Those that can work."""
    return {path.stem: _board(path) for path in sorted(FOLDER.glob("*.toml")) if not _unsupported(path)}


def unsupported() -> dict[str, str]:
    """Those that can't, and why."""
    return {path.stem: why for path in sorted(FOLDER.glob("*.toml")) if (why := _unsupported(path))}


def _unsupported(path: pathlib.Path) -> str:
    return str(tomllib.loads(path.read_text()).get("unsupported", ""))
