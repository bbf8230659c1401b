"""Unpacked Debian packages: one directory a package under out/ARCH/parts/packages, and the index that 05-packages wrote."""

import json
import pathlib
import re
import struct
import subprocess
from dataclasses import asdict, dataclass

from image.platform import WORK

FOLDER = WORK / "packages"
INDEX = FOLDER / "index.json"


@dataclass(frozen=True)
class Package:
    name: str
    architecture: str  # Debian's word: arm64, armhf, all
    version: str
    source: str
    sha256: str
    licence: str

    @property
    def key(self) -> str:
        """As apt names it: an image of two architectures has some packages twice."""
        return f"{self.name}:{self.architecture}"

    @property
    def tree(self) -> pathlib.Path:
        return FOLDER / "unpacked" / f"{self.name}_{self.architecture}"


def save(packages: list[Package]) -> None:
    INDEX.write_text(json.dumps([asdict(package) for package in packages], indent=1))


def load() -> list[Package]:
    return [Package(**entry) for entry in json.loads(INDEX.read_text())]


def merged_path(path: str) -> str:
    """A package's path with /usr merged: bookworm still ships /bin, /sbin and /lib."""
    return re.sub(r"^(bin|sbin|lib|lib64)/", r"usr/\1/", path.lstrip("./"))


class Files:
    """Every file of every package by its merged path."""

    def __init__(self, packages: list[Package]) -> None:
        self._places: dict[str, tuple[Package, pathlib.Path]] = {}
        for package in packages:
            for place in package.tree.rglob("*"):
                if place.is_symlink() or not place.is_dir():
                    self._places[merged_path(str(place.relative_to(package.tree)))] = (package, place)

    def find(self, path: str) -> tuple[Package, pathlib.Path] | None:
        return self._places.get(path)

    def matching(self, pattern: str) -> list[tuple[str, Package, pathlib.Path]]:
        return [
            (path, *self._places[path]) for path in sorted(self._places) if pathlib.PurePosixPath(path).match(pattern)
        ]

    def resolve(self, path: str) -> tuple[list[tuple[str, str]], str]:
        """Follows symbolic links inside the packages: the links on the way (path, target) and the file at the end."""
        links: list[tuple[str, str]] = []
        for _ in range(16):
            found = self.find(path)
            if found is None:
                raise FileNotFoundError(path)
            if not found[1].is_symlink():
                return links, path
            target = str(found[1].readlink())
            links.append((path, target))
            joined = target if target.startswith("/") else str(pathlib.PurePosixPath(path).parent / target)
            path = merged_path(str(pathlib.PurePosixPath(_normal(joined))))
        raise OSError(f"{path}: too many symbolic links")


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.strip("/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


@dataclass(frozen=True)
class Elf:
    machine: int  # e_machine
    interpreter: str | None
    needed: list[str]


def read_elf(path: pathlib.Path) -> Elf | None:
    """The dynamic needs of a program or library; None for anything else."""
    with path.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        return None
    (machine,) = struct.unpack_from("<H", header, 18)
    text = subprocess.run(["readelf", "-ldW", str(path)], check=True, capture_output=True, text=True).stdout
    interpreter = re.search(r"Requesting program interpreter: (\S+)\]", text)
    return Elf(machine, interpreter[1] if interpreter else None, re.findall(r"\(NEEDED\).*\[(.+)\]", text))
