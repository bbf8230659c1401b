"""A board's boot loader, from a Debian package of the board's own architecture."""

import os
import pathlib
import shutil
import subprocess

from fleet.board import ROOT, debian_architecture
from image.apt import Apt, machine_sources, without_security

FOLDER = ROOT / "out/loaders"
# U-Boot 2023.01, which the tests boot. Trixie's 2025.01 leaves PXE out of what it tries on some boards.
SUITE = "bookworm"
# Where such packages keep their files, one directory for each board.
_IN_PACKAGE = "usr/lib/u-boot"


class Unavailable(Exception):
    """What could not be had, and what to do. `temporary`: another time, or another suite, may help."""

    def __init__(self, text: str, temporary: bool = False) -> None:
        super().__init__(text)
        self.temporary = temporary


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
    sources = _sources(suite)
    apt = Apt(folder, [architecture], sources if security else without_security(sources, suite), [])
    if not apt.update():
        hint = "try later, or --suite SUITE" + (", or without the archive that fails: --without-security" if security else "")
        raise Unavailable(f"the package lists of Debian {suite} for {architecture} could not be read; {hint}", temporary=True)
    archives = apt.archives([package])
    if not archives:
        raise Unavailable(f"Debian {suite} has no {package} for {architecture}")
    if not apt.fetch(archives[0]):
        raise Unavailable(f"{archives[0].name} could not be fetched (Debian {suite} for {architecture}); try later", temporary=True)
    return apt.place(archives[0])


def _sources(suite: str) -> str:
    """As buildsteps/build has them: UEBO_APT_SOURCES, or the mirrors of this machine."""
    script = '. "$0/buildsteps/docker.sh" && apt_sources "$1"'
    said = subprocess.run(["bash", "-c", script, str(ROOT), suite], env=os.environ, text=True, stdout=subprocess.PIPE, check=True)
    return said.stdout.strip() or machine_sources(suite)
