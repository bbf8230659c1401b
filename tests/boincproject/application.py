"""What the project sends to hosts to be run."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from support.machine import ROOT

# What BOINC calls them: Debian's client is configured with these (--with-boinc-platform).
PLATFORMS = {"aarch64": "aarch64-unknown-linux-gnu", "armhf": "arm-unknown-linux-gnueabihf", "amd64": "x86_64-pc-linux-gnu"}
FACTOR, ADDEND, MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


@dataclass(frozen=True)
class File:
    """A file that hosts download. `name` is its own in the project's directory, which all files share."""

    name: str
    place: Path

    @cached_property
    def content(self) -> bytes:
        return self.place.read_bytes()

    @cached_property
    def md5(self) -> str:
        return hashlib.md5(self.content).hexdigest()


@dataclass(frozen=True)
class Application:
    """The program for one platform, and the libraries beside it, which the loader finds by their names there."""

    platform: str
    program: File
    libraries: list[File]

    @property
    def files(self) -> list[File]:
        return [self.program, *self.libraries]


def build(arch: str, image: str) -> Application:
    """The tasks' program for `arch`, as it runs on the image of that platform. A second time nothing is done."""
    folder = ROOT / f"out/tests/boincproject/{arch}-on-{image}"
    source = Path(__file__).with_name("application.cpp")
    program = folder / "crunch"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        command = [str(ROOT / "buildsteps/in-toolchain"), "--arch", arch, "tests/boincproject/build", arch, image]
        subprocess.run(command, check=True, cwd=ROOT)
    libraries = [File(place.name, place) for place in sorted(folder.glob("libboinc*"))]
    assert libraries, folder
    return Application(PLATFORMS[arch], File(f"crunch_{PLATFORMS[arch]}", program), libraries)


def value_after(steps: int, seed: int) -> int:
    """What the program comes to: the steps are affine maps, and a square of one is two of them."""
    factor, addend = FACTOR, ADDEND
    value = seed
    while steps:
        if steps & 1:
            value = (factor * value + addend) % MODULUS
        addend = (factor * addend + addend) % MODULUS
        factor = factor * factor % MODULUS
        steps >>= 1
    return value
