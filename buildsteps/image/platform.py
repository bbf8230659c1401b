"""The data of one image: platforms/common.toml with platforms/ARCH.toml over it.

A platform ARCH+SECOND is ARCH with what programs of a second architecture need, which the same kernel runs too.
"""

import os
import pathlib
import sys
import tomllib
from dataclasses import dataclass
from typing import Any, NoReturn

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLATFORM = os.environ["PLATFORM"]
ARCH, _, SECOND = PLATFORM.partition("+")
OUT = ROOT / os.environ["OUT"]
WORK = OUT / "parts"


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, lists are joined, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif isinstance(value, list) and isinstance(result.get(key), list):
            result[key] = result[key] + value
        else:
            result[key] = value
    return result


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "buildsteps/platforms" / f"{name}.toml").read_text())


def load() -> dict[str, Any]:
    data = merged(_read("common"), _read(ARCH))
    return merged(data, _read(PLATFORM)) if SECOND else data


@dataclass(frozen=True)
class Abi:
    """What tells the programs and libraries of an architecture from those of another."""

    debian: str  # Debian's name of the architecture
    triplet: str
    elf_machine: int
    loader: str
    loader_directory: str
    cache_flags: int


def abis() -> list[Abi]:
    """The image's own, then that of the programs that it runs besides."""
    found = [_read(name) for name in (ARCH, SECOND) if name]
    return [
        Abi(data["debian-architecture"], data["triplet"], data["elf-machine"], data["loader"],
            data.get("loader-directory", "lib"), data["cache-flags"])
        for data in found
    ]  # fmt: skip


def summary(text: str) -> None:
    """The line that the build shows beside the step."""
    print(f"summary: {text}", flush=True)


def warning(text: str) -> None:
    print(f"warning: {text}", flush=True)


def fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(1)
