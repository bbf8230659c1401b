"""A time server for guests: chronyd on the host's loopback, which a guest reaches as 10.0.2.2."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from support.guest import WORK


@dataclass
class TimeServer:
    process: subprocess.Popen[bytes] | None

    @property
    def works(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def argument(self) -> str:
        return "uebo.ntp=10.0.2.2" if self.works else ""


@contextmanager
def time_server() -> Iterator[TimeServer]:
    """Port 123 is root's: for others there is none, and nodes wait for one as long as they do."""
    daemon = shutil.which("chronyd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if os.geteuid() != 0 or daemon is None:
        yield TimeServer(None)
        return
    configuration = WORK / "chrony.conf"
    configuration.write_text(f"local stratum 5\nallow all\nbindaddress 127.0.0.1\nport 123\ncmdport 0\npidfile {WORK}/chrony.pid\n")
    with (WORK / "chrony.log").open("wb") as log:
        process = subprocess.Popen([daemon, "-d", "-x", "-U", "-f", str(configuration)], stdout=log, stderr=log)
    try:
        yield TimeServer(process)
    finally:
        process.terminate()
        process.wait()
