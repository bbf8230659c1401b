"""One package of Debian for any suite and architecture, as a file: nothing is installed."""

import os
import pathlib
import subprocess

from image.apt import Apt, machine_sources, without_security

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Unavailable(Exception):
    """What could not be had. `temporary`: another time, or another suite, may help."""

    def __init__(self, text: str, temporary: bool = False) -> None:
        super().__init__(text)
        self.temporary = temporary


def fetch(folder: pathlib.Path, package: str, architecture: str, suite: str, security: bool = True) -> pathlib.Path:
    """Returns the .deb. `architecture` is Debian's name; `folder` is kept for apt's lists; `security`: from the suite's
    security archive, too."""
    sources = _sources(suite)
    apt = Apt(folder, [architecture], sources if security else without_security(sources, suite), [])
    if not apt.update():
        raise Unavailable(f"the package lists of Debian {suite} for {architecture} could not be read", temporary=True)
    archives = apt.archives([package])
    if not archives:
        raise Unavailable(f"Debian {suite} has no {package} for {architecture}")
    if not apt.fetch(archives[0]):
        raise Unavailable(f"{archives[0].name} could not be fetched (Debian {suite} for {architecture})", temporary=True)
    return apt.place(archives[0])


def _sources(suite: str) -> str:
    """As buildsteps/build has them: UEBO_APT_SOURCES, or the mirrors of this machine."""
    script = '. "$0/buildsteps/docker.sh" && apt_sources "$1"'
    said = subprocess.run(["bash", "-c", script, str(ROOT), suite], env=os.environ, text=True, stdout=subprocess.PIPE, check=True)
    return said.stdout.strip() or machine_sources(suite)
