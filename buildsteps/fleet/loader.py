"""A board's boot loader, from a Debian package of the board's own architecture."""

import pathlib
import shutil
import subprocess

from fleet.board import ROOT, debian_architecture
from image import debian_package
from image.debian_package import Unavailable

FOLDER = ROOT / "out/loaders"
# U-Boot 2023.01, which the tests boot. Trixie's 2025.01 leaves PXE out of what it tries on some boards.
SUITE = "bookworm"
# Where such packages keep their files, one directory for each board.
_IN_PACKAGE = "usr/lib/u-boot"


def fetch(package: str, arch: str, suite: str, security: bool = True) -> pathlib.Path:
    """Returns the directory of its files. What was fetched once is taken again."""
    architecture = debian_architecture(arch)
    folder = FOLDER / f"{package}-{architecture}-{suite}"
    found = folder / "files" / _IN_PACKAGE
    if found.is_dir():
        return found
    unpacked = folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--extract", str(_archive(folder / "apt", package, architecture, suite, security)), str(unpacked)],
                   check=True)  # fmt: skip
    if not (unpacked / _IN_PACKAGE).is_dir():
        raise Unavailable(f"{package} of Debian {suite} has no {_IN_PACKAGE}")
    shutil.rmtree(folder / "files", ignore_errors=True)
    unpacked.rename(folder / "files")
    return found


def _archive(folder: pathlib.Path, package: str, architecture: str, suite: str, security: bool) -> pathlib.Path:
    try:
        return debian_package.fetch(folder, package, architecture, suite, security)
    except Unavailable as error:
        if not error.temporary:
            raise
        hint = "try later, or --suite SUITE" + (", or without the archive that fails: --without-security" if security else "")
        raise Unavailable(f"{error}; {hint}", temporary=True) from None
