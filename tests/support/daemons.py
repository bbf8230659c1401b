"""Daemons that tests start, in a network of their own or on this machine's loopback."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from support.network import Network, Server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(lan: Network | None, name: str, log: Path, *command: str) -> Server:
    """In the network, which ends it at the latest, or on this machine."""
    if lan:
        return lan.start(name, *command)
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    return Server(name, process, log)
