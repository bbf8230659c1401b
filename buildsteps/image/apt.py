"""An apt of its own, beside that of the machine: other architectures, another suite, and nothing installed."""

import hashlib
import os
import pathlib
import re
import subprocess
import time
from dataclasses import dataclass

_ATTEMPTS = 4

_CONFIGURATION = '''APT::Architecture "{architecture}";
APT::Architectures {{ {architectures} }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::Etc "{folder}/etc/";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d/";
Dir::State "{folder}";
Dir::State::lists "{folder}/lists/";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives/";
Dir::Log "{folder}";
'''


@dataclass(frozen=True)
class Archive:
    """A .deb as apt's lists describe it."""

    address: str
    name: str
    sha256: str


class Apt:
    """`folder` holds its lists and what it fetched, and may be used again by a later run."""

    def __init__(self, folder: pathlib.Path, architectures: list[str], sources: str, assumed: list[str]) -> None:
        """`architectures` are Debian's names, the own one first; `sources` are sources lines; `assumed` are packages that
        count as installed."""
        self.folder = folder
        own = architectures[0]
        for part in ("etc/preferences.d", "etc/apt.conf.d", "etc/sources.list.d", "lists/partial", "archives/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "etc/sources.list").write_text(sources + "\n")
        (folder / "status").write_text(
            "".join(
                f"Package: {name}\nStatus: install ok installed\nArchitecture: {own}\nMulti-Arch: allowed\n"
                "Version: 9:0\nMaintainer: uebo\nDescription: assumed\n\n"
                for name in assumed
            )
        )
        (folder / "apt.conf").write_text(
            _CONFIGURATION.format(
                architecture=own, architectures=" ".join(f'"{name}";' for name in architectures), folder=folder
            )
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"APT_CONFIG": str(self.folder / "apt.conf")}
        return subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE)

    def update(self) -> bool:
        """A mirror in the middle of its sync disagrees with its signature for a while: it is asked several times."""
        for attempt in range(_ATTEMPTS):
            time.sleep(5 * attempt)
            if self.run("apt-get", "update", "--error-on=any").returncode == 0:
                return True
        return False

    def archives(self, wanted: list[str]) -> list[Archive] | None:
        """Nothing where the lists lack one of them."""
        listing = self.run("apt-get", "download", "--print-uris", *wanted)
        if listing.returncode != 0:
            return None
        return [Archive(*found) for found in re.findall(r"'(\S+)' (\S+\.deb) \d+ SHA256:(\S+)", listing.stdout)]

    def place(self, archive: Archive) -> pathlib.Path:
        return self.folder / "archives" / archive.name

    def fetch(self, archive: Archive) -> bool:
        """From Debian's archive, unless an earlier run left it here. apt compares the hash."""
        place = self.place(archive)
        if place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == archive.sha256:
            return True
        helper = ("/usr/lib/apt/apt-helper", "download-file", archive.address, str(place), f"SHA256:{archive.sha256}")
        return self.run(*helper).returncode == 0


def machine_sources(suite: str) -> str:
    """Sources lines of this machine's own mirrors of Debian, with the suite exchanged."""
    base = pathlib.Path("/etc/apt")
    text = "\n".join(place.read_text() for place in [*base.glob("sources.list"), *base.glob("sources.list.d/*.sources")])
    addresses = re.findall(r"^URIs: (\S+)|^deb (?:\[.*?\] )?(\S+)", text, re.MULTILINE)
    return "\n".join(
        f"deb {one or two} {suite + '-security' if 'security' in (one or two) else suite} main"
        for one, two in dict.fromkeys(addresses)
    )


def without_security(sources: str, suite: str) -> str:
    """The lines but those of the suite's security archive."""
    return "\n".join(line for line in sources.splitlines() if f" {suite}-security " not in f"{line} ")
