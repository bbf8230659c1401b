"""A network of the tests' own: a namespace of this machine with bridges, to which emulated boards are plugged by TAP devices,
and real servers in it: dnsmasq (DHCP, DNS, TFTP, router advertisements), radvd, chronyd. Nothing of it touches the machine's
own network. Needs root.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from support.waiting import wait_for

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000  # sched.h
_numbers = itertools.count(1)
_TOOLS = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@dataclass(eq=False)
class Server:
    """One daemon of the namespace, with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def works(self) -> bool:
        return self.process.poll() is None

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """At once, as a power cut: it takes nothing back from its clients."""
        if self.works:
            self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """In order, with whatever it has to say to its clients."""
        self.process.terminate()
        self.process.wait()

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass(eq=False)
class Bridge:
    """A switch without a wall: a bridge of the namespace. `addresses` are the host's own on it, with their prefixes."""

    network: Network
    name: str
    addresses: tuple[str, ...]
    mtu: int = 1500
    taps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ip = self.network.ip
        ip("link", "add", self.name, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        ip("link", "set", self.name, "up", "mtu", str(self.mtu))
        for address in self.addresses:
            ip("address", "add", address, "dev", self.name, *(["nodad"] if ":" in address else []))

    def port(self) -> str:
        """A new TAP device in the bridge, for QEMU's `-netdev tap,ifname=...`."""
        tap = f"{self.name}p{len(self.taps)}"
        self.network.ip("tuntap", "add", "dev", tap, "mode", "tap")
        self.network.ip("link", "set", tap, "master", self.name, "up", "mtu", str(self.mtu))
        self.taps.append(tap)
        return tap


class Network:
    """A namespace. Made by `with`, gone behind it with all that runs in it. `directory` is its own: logs, leases."""

    def __init__(self, directory: Path) -> None:
        self.namespace = f"uebo{os.getpid()}-{next(_numbers)}"
        self.directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self._servers: list[Server] = []
        self._bridges = 0

    def __enter__(self) -> Network:
        if os.geteuid() != 0:
            pytest.skip("namespaces with bridges need root")
        subprocess.run(["ip", "netns", "add", self.namespace], check=True, env=_TOOLS)
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.stop()
        subprocess.run(["ip", "netns", "delete", self.namespace], check=True, env=_TOOLS)

    # --- commands

    def inside(self, *command: str) -> list[str]:
        """That command, run in the namespace."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.inside(*command), check=check, capture_output=True, text=True, env=_TOOLS)

    def within(self, call: Callable[[], T]) -> T:
        """That function's value, from a thread whose sockets are the namespace's."""

        def enter() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/run/netns/{self.namespace}", "rb") as namespace:
                if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), f"setns to {self.namespace}")

        with ThreadPoolExecutor(max_workers=1, initializer=enter) as pool:
            return pool.submit(call).result()

    def ip(self, *words: str) -> str:
        result = subprocess.run(["ip", "-n", self.namespace, *words], capture_output=True, text=True, env=_TOOLS, check=False)
        assert result.returncode == 0, f"ip {' '.join(words)}: {result.stderr}"
        return result.stdout

    def forward(self) -> None:
        """The namespace routes, as whoever advertises itself as a router has to."""
        self.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")

    def bridge(self, *addresses: str, mtu: int = 1500) -> Bridge:
        self._bridges += 1
        return Bridge(self, f"br{self._bridges - 1}", addresses, mtu)

    def reachable(self, address: str, size: int = 56) -> bool:
        """One echo, not fragmented."""
        return self.run("ping", "-c", "1", "-W", "2", "-M", "do", "-s", str(size), address, check=False).returncode == 0

    # --- servers

    def start(self, name: str, *command: str) -> Server:
        log = self.directory / f"{name}-{len(self._servers)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(self.inside(*command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=_TOOLS)
        server = Server(name, process, log)
        self._servers.append(server)
        return server

    def dnsmasq(self, *options: str) -> Server:
        """With nothing of the machine's own in it; what it serves, `options` say: --dhcp-range=..., --address=/NAME/ADDRESS."""
        leases = self.directory / f"dnsmasq-{len(self._servers)}.leases"
        server = self.start("dnsmasq", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                            "--user=root", "--log-facility=-", "--log-dhcp", "--log-queries", "--dhcp-broadcast",
                            "--bind-interfaces", "--except-interface=lo",
                            "--dhcp-leasefile=" + str(leases), "--pid-file=", "--no-ping", *options)  # fmt: skip
        wait_for(lambda: not server.works or "started, version" in server.text, "dnsmasq is ready")
        assert server.works, server.text
        return server

    def radvd(self, interface: str, body: str) -> Server:
        """`body` is what stands in the interface's block of radvd.conf(5)."""
        configuration = self.directory / "radvd.conf"
        configuration.write_text(f"interface {interface} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; {body} }};\n")
        configuration.chmod(0o644)
        server = self.start("radvd", "radvd", "--nodaemon", "--logmethod", "stderr", "-C", str(configuration),
                            "-p", str(self.directory / "radvd.pid"))  # fmt: skip
        wait_for(lambda: not server.works or server.text, "radvd says something", 5, 0.05)
        assert server.works, server.text
        return server

    def chrony(self, address: str) -> Server:
        configuration = self.directory / "chrony.conf"
        configuration.write_text(f"local stratum 5\nallow all\nbindaddress {address}\nport 123\ncmdport 0\npidfile {self.directory}/chrony.pid\n")
        server = self.start("chrony", "chronyd", "-d", "-x", "-U", "-f", str(configuration))
        wait_for(lambda: self._listens(123), "chronyd listens")
        return server

    def _listens(self, port: int) -> bool:
        return f":{port} " in self.run("ss", "-Hlun").stdout
