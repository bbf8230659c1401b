"""Programs of the tests' own for guests: built statically, as they have no libraries to rely on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.guest import WORK
from support.machine import ROOT


def static_program(source: Path) -> Path:
    """For aarch64; built anew when its source has changed."""
    program = WORK / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([str(ROOT / "buildsteps/in-toolchain"), "--arch", "aarch64", "--target", "third-party",
                        "aarch64-linux-gnu-g++-14", "-std=c++23", "-O2", "-static", "-s", "-o", str(program), str(source)],
                       check=True, cwd=ROOT)  # fmt: skip
    return program
