"""The boards of buildsteps/boards/*.toml, as far as their image goes: device trees, modules that none of them shows, limits."""

from __future__ import annotations

import pathlib
import subprocess
import tomllib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OwnDeviceTree:
    """[own-device-tree]: the board's first device tree is made of Debian's `base` and the source file `changes`."""

    base: str
    changes: str


@dataclass(frozen=True, eq=False)
class Board:
    id: str  # the file's name
    name: str
    arch: str
    compatible: str = ""
    dtbs: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)  # what no device tree shows
    load: list[str] = field(default_factory=list)  # what nothing asks for: loaded by name at boot
    limits: dict[str, str] = field(default_factory=dict)  # what the gate misses -> what that means
    unsupported: str = ""  # why it can't work
    seen_with: str = ""  # the series of kernels (6.12) whose drivers the limits, or that word, are about
    own: OwnDeviceTree | None = None


def load(folder: pathlib.Path, arch: str) -> list[Board]:
    """Those of the architecture, what can't work included."""
    return [board for path in sorted(folder.glob("*.toml")) if (board := _read(path)).arch == arch]


def _read(path: pathlib.Path) -> Board:
    data = tomllib.loads(path.read_text())
    own = data.get("own-device-tree")
    return Board(
        id=path.stem,
        name=data["name"],
        arch=data.get("arch", ""),
        compatible=data.get("compatible", ""),
        dtbs=data.get("dtb", []),
        modules=data.get("modules", []),
        load=data.get("load", []),
        limits=data.get("limits", {}),
        unsupported=data.get("unsupported", ""),
        seen_with=data.get("limits-seen-with", ""),
        own=OwnDeviceTree(own["base"], own["changes"]) if own else None,
    )


def device_tree(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """32-bit kernels have theirs in one folder up to 6.4, in folders of the vendors since."""
    return next((path for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.is_file()), None)


def merge(base: pathlib.Path, changes: pathlib.Path, target: pathlib.Path) -> None:
    """A whole device tree of a compiled one and source that changes it. Debian's have no symbols, so an overlay could not
    point into one: the base becomes source again, and the changes name its nodes by their paths (&{/soc/...})."""
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", str(base)], check=True, capture_output=True, text=True).stdout
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(target), "-"], check=True, text=True,
                   input=source + changes.read_text())  # fmt: skip
