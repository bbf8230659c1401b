"""A real NFSv4 server in user space, nfs-ganesha, on the host's loopback: a guest reaches it as 10.0.2.2.

It can be stopped, frozen and started again at any time; what it exports is a directory of the test's own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support.daemons import free_port
from support.guest import WORK
from support.network import Network
from support.waiting import wait_for

# Seconds: after a restart locks are given to those alone who had them, until all of these have asked or the time is over;
# a client that says nothing for so long has lost its state, and an emulated one on a busy machine may pause for some.
GRACE = 60

CONFIGURATION = """
NFS_CORE_PARAM {{ NFS_Protocols = 4; NFS_Port = {port}; Bind_addr = {address}; Enable_NLM = false; Enable_RQUOTA = false; }}
NFSv4 {{ RecoveryBackend = fs; RecoveryRoot = {state}; Only_Numeric_Owners = true; Grace_Period = {grace}; Lease_Lifetime = {grace}; }}
EXPORT {{ Export_Id = 1; Path = {data}; Pseudo = /uebo; Access_Type = {access}; Squash = {squash}; SecType = sys;
          Protocols = 4; Transports = TCP; FSAL {{ Name = VFS; }} }}
"""


class NfsServer:
    """`lan`: it runs in that network, at `address`, instead of on the host's loopback."""

    def __init__(self, name: str, access: str = "RW", squash: str = "No_Root_Squash", address: str = "127.0.0.1",
                 lan: Network | None = None, work: Path = WORK) -> None:  # fmt: skip
        self.lan = lan
        # ganesha reads brackets in a path as something of its own.
        self.directory = work / ("nfs-" + re.sub(r"[^A-Za-z0-9_-]+", "-", name))
        self.data = self.directory / "data"
        self.state = self.directory / "state"
        for part in (self.data, self.state):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        self.port = free_port()
        self.address = address
        self.configure(access, squash)
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, access: str = "RW", squash: str = "No_Root_Squash") -> None:
        text = CONFIGURATION.format(port=self.port, address=self.address, state=self.state, data=self.data, access=access,
                                    squash=squash, grace=GRACE)  # fmt: skip
        (self.directory / "ganesha.conf").write_text(text)

    @property
    def argument(self) -> str:
        return f"uebo.nfsdir=10.0.2.2:/uebo,port={self.port}"

    @property
    def log(self) -> Path:
        return self.directory / "ganesha.log"

    def start(self) -> NfsServer:
        """Returns when it takes connections. Many may run at once: the file of the process id tells them apart."""
        if os.geteuid() != 0:
            pytest.skip("nfs-ganesha needs root")
        command = ["/usr/bin/ganesha.nfsd", "-F", "-f", str(self.directory / "ganesha.conf"), "-L", str(self.log),
                   "-p", str(self.directory / "pid"), "-N", "NIV_EVENT"]  # fmt: skip
        self.process = subprocess.Popen(self._inside(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.listens, f"ganesha listens; log: {self.log}", 30, 0.1)
        return self

    def listens(self) -> bool:
        assert self.process and self.process.poll() is None, f"ganesha ended: {self.log.read_text()[-2000:]}"
        sockets = subprocess.run(self._inside(["ss", "-Hltn"]), check=True, capture_output=True, text=True).stdout
        return f":{self.port} " in sockets

    def _inside(self, command: list[str]) -> list[str]:
        return self.lan.inside(*command) if self.lan else command

    def freeze(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
