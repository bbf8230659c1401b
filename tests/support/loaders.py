"""Boot loaders of Debian's packages for boards, fetched once by buildsteps/loader."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.machine import ROOT


def fetched(package: str, arch: str, suite: str = "bookworm") -> Path:
    """Their directory. Where the lists of the security archive can't be read today, the package is taken without them, and that is said."""
    for variant in ([], ["--without-security"]):
        said = subprocess.run([str(ROOT / "buildsteps/loader"), package, arch, "--suite", suite, *variant], capture_output=True, text=True)
        if said.returncode == 0:
            print(f"{package} for {arch}: Debian {suite} {' '.join(variant)}")
            return Path(said.stdout.strip())
        if said.returncode != os.EX_TEMPFAIL:
            break
    raise AssertionError(said.stderr)


def bookworms_uboot(board: str = "qemu_arm64") -> Path:
    """U-Boot 2023.01 for `virt` (qemu_arm: the 32-bit one): the machine's own where it is a bookworm, or fetched."""
    installed = Path("/usr/lib/u-boot", board, "u-boot.bin")
    if installed.exists() and b"U-Boot 2023.01" in installed.read_bytes():
        return installed
    return fetched("u-boot-qemu", "aarch64") / board / "u-boot.bin"
