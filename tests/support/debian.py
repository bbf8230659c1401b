"""Programs of Debian packages of any suite, fetched once into out/tests/packages. Nothing is installed, so no daemon comes along."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from image import debian_package
from support.machine import ROOT

FETCHED = ROOT / "out/tests/packages"


def unpacked(package: str, suite: str) -> Path:
    """The directory with the package's files. Raises debian_package.Unavailable with one clear line."""
    folder = FETCHED / f"{package}-{suite}"
    files = folder / "files"
    if files.is_dir():
        return files
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
    # Without the security archive, whose lists come and go with the support of a suite: this runs in tests alone.
    archive = debian_package.fetch(folder / "apt", package, architecture, suite, security=False)
    half = folder / "unpacked"
    shutil.rmtree(half, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--extract", str(archive), str(half)], check=True)
    half.rename(files)
    return files
