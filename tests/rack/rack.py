"""A rack: three emulated boards on a switch, and beside them the machine that serves them and looks at them.

All of it lives in one network namespace. The nodes have nothing but U-Boot in their flash; whatever else they are comes from
a fleet.toml, by buildsteps/pxe, dnsmasq and TFTP.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import boinc_state, disks
from support.consul import Consul
from support.guest import KEY, Disk
from support.loaders import bookworms_uboot
from support.machine import AARCH64, ARMHF, IMAGES, ROOT, PoweredOn
from support.network import Bridge, Network, Server
from support.nfs_server import NfsServer
from support.plugged_guest import PluggedGuest
from support.prometheus import Prometheus
from support.waiting import wait_for

WORK = ROOT / "out/tests/rack"
MONITORING = ROOT / "buildsteps/monitoring"
PASSWORD = "Needle-of-the-rack-51b0de"

SERVER = "10.0.0.1"  # DHCP, TFTP, NTP, NFS, Consul, Prometheus
ADMITTED = "10.0.0.5"  # in uebo.boinc.remote_hosts
STRANGER = "10.0.0.6"
PLATFORMS = {"aarch64": "aarch64-unknown-linux-gnu", "armhf": "arm-unknown-linux-gnueabihf"}  # as BOINC calls them
# What each node offers: the name of the service and its port.
EXPORTERS = {"node_exporter": 9100, "boinc_exporter": 9109, "uebo": 9101}

FLEET = f"""\
[network]
subnet = "10.0.0.0/24"
range = ["10.0.0.100", "10.0.0.200"]

[defaults]
uebo.consul = "{SERVER}:8500"
uebo.ntp = "{SERVER}"
uebo.boinc.password = "{PASSWORD}"
uebo.boinc.remote_hosts = ["{ADMITTED}"]
append = "panic=30"
"""

NODE = """
[[node]]
name = "{name}"
board = "{board}"
macs = ["{mac}"]
"""


def _boards() -> tuple[PoweredOn, PoweredOn]:
    """A 64-bit and a 32-bit one, with U-Boot in their flash and nothing else."""
    flash, flash_32 = str(bookworms_uboot()), str(bookworms_uboot("qemu_arm"))
    # A kernel without LPAE sees no PCI above 4 GiB: highmem=off.
    options = ["-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-bios", flash]
    options_32 = ["-M", "virt,highmem=off", "-cpu", "cortex-a7", "-smp", "2", "-bios", flash_32]
    return (
        PoweredOn("virt by U-Boot", AARCH64, "qemu-system-aarch64", options, memory=768),
        PoweredOn("virt by U-Boot, 32 bit", ARMHF, "qemu-system-arm", options_32, memory=768),
    )


@dataclass(eq=False)
class Node(PluggedGuest):
    """`board` is a file of buildsteps/boards."""

    board: str = ""
    on_nfs: bool = False

    @property
    def hardware(self) -> str:
        return self.macs[0]

    def entry(self, nfs_port: int) -> str:
        text = NODE.format(name=self.name, board=self.board, mac=self.hardware)
        return text + f'uebo.nfsdir = "{SERVER}:/uebo/{{name}},port={nfs_port}"\n' * self.on_nfs

    def metrics_urls(self) -> dict[str, str]:
        return {name: f"http://{self.address}:{port}/metrics" for name, port in EXPORTERS.items()}


@dataclass(frozen=True)
class Target:
    """What Prometheus scrapes, by the labels that a dashboard sees."""

    instance: str
    job: str
    url: str


class Rack:
    """Made by `with`; the boards are off until `power_on`. What was seen is kept in WORK."""

    def __init__(self) -> None:
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)
        self.lan = Network(WORK / "lan")
        self.nodes: dict[str, Node] = {}

    def __enter__(self) -> Rack:
        self.lan.__enter__()
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes.values():
            node.destroy()
        self.nfs.kill()
        self.lan.__exit__()

    def _set_up(self) -> None:
        self.bridge: Bridge = self.lan.bridge(*(f"{address}/24" for address in (SERVER, ADMITTED, STRANGER)))
        self.nfs = NfsServer("rack", lan=self.lan, address=SERVER, work=WORK)
        virt, virt_32 = _boards()
        self._add("rack-01", virt, "qemu-virt-aarch64", on_nfs=True)
        self._add("rack-02", virt, "qemu-virt-aarch64")
        self._add("rack-03", virt_32, "qemu-virt-armhf", on_nfs=True)
        self.nfs.start()
        self.lan.chrony(SERVER)
        self.consul = Consul(self.lan, WORK / "consul", port=8500, listen="0.0.0.0").start()
        self.prometheus = Prometheus(self.lan, WORK / "prometheus", MONITORING / "prometheus.yml").start()
        self.dnsmasq = self._serve_boards()

    def _add(self, name: str, machine: PoweredOn, board: str, on_nfs: bool = False) -> None:
        number = len(self.nodes) + 1
        node = Node(name, machine=machine, network="none", work=WORK, lan=self.lan, bridges=[self.bridge], board=board, on_nfs=on_nfs,
                    address=f"10.0.0.{50 + number}", macs=(f"52:54:00:0a:00:{number:02x}",))  # fmt: skip
        self.nodes[name] = node
        storage = self.nfs.data / name if on_nfs else WORK / f"{name}.storage"
        boinc_state.write(storage / "boinc", tasks=2, platform=PLATFORMS[machine.image.arch])
        if not on_nfs:
            node.disks.append(Disk(disks.make_ext4(WORK / f"{name}.img", content=storage)))

    def _serve_boards(self) -> Server:
        """DHCP and TFTP as buildsteps/pxe configures them; only that each board has an address that the test knows."""
        fleet, tree = WORK / "fleet.toml", WORK / "tftproot"
        fleet.write_text(FLEET + "".join(node.entry(self.nfs.port) for node in self.nodes.values()))
        subprocess.run([str(ROOT / "buildsteps/pxe"), "--fleet", str(fleet), "--images", str(IMAGES), "--output", str(tree)], check=True)
        self._write_addresses()
        server = self.lan.start("dnsmasq", "dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={WORK}/dnsmasq.conf",
                                f"--dhcp-leasefile={WORK}/leases", "--pid-file=", f"--dhcp-hostsfile={self._addresses}")  # fmt: skip
        wait_for(lambda: not server.works or "started, version" in server.text, "dnsmasq is ready")
        assert server.works, server.text
        return server

    @property
    def _addresses(self) -> Path:
        return WORK / "addresses"

    def _write_addresses(self) -> None:
        self._addresses.write_text("".join(f"{node.hardware},{node.address}\n" for node in self.nodes.values()))

    # --- what is done to them

    def power_on(self) -> None:
        for node in self.nodes.values():
            node.start()

    def move(self, node: Node, address: str) -> None:
        """As if its cable were pulled and plugged in where DHCP gives another address."""
        said = len(node.console)
        node.set_carrier(False)
        # Of a carrier that is back at once a node hears nothing.
        node.wait_for_console("dhcp@eth0: stopped, waits for link:eth0", after=said)
        node.move_to(address)
        self._write_addresses()
        self.dnsmasq.reload()
        node.set_carrier(True)

    # --- what is seen of them

    def catalog(self) -> set[Target]:
        """What the catalog offers: an address and a port for each service of each node."""
        return {Target(name, service["Service"], f"http://{service['Address'] or node['Node']['Address']}:{service['Port']}/metrics")
                for name, node in self.consul.catalog().items() for service in node["Services"].values()}  # fmt: skip

    def targets(self, health: str = "") -> set[Target]:
        """What Prometheus scrapes; with `health`, only what is `up` or `down`."""
        return {Target(found["labels"]["instance"], found["labels"]["job"], found["scrapeUrl"])
                for found in self.prometheus.targets() if health in ("", found["health"])}  # fmt: skip

    def keep(self, step: str) -> None:
        """Catalog, targets and alerts as they are now, in out/tests/rack."""
        seen = {"catalog": self.consul.catalog(), "targets": self.prometheus.targets(), "alerts": self.prometheus.alerts()}
        for what, content in seen.items():
            (WORK / f"{step}.{what}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")

    @contextmanager
    def speaking_as(self, address: str, node: Node) -> Iterator[None]:
        """What this machine sends to the node meanwhile comes from that one of its addresses."""
        self.lan.ip("route", "replace", f"{node.address}/32", "dev", self.bridge.name, "src", address)
        try:
            yield
        finally:
            self.lan.ip("route", "delete", f"{node.address}/32", "dev", self.bridge.name, "src", address)

    def fleet(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`uebo fleet`, from a desk on the rack's network."""
        ssh = f"ssh -F none -i {KEY} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10"
        command = self.lan.inside(str(ROOT / "desk/uebo"), "fleet", "--consul", f"{SERVER}:8500", "--ssh", ssh, *words)
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    def boinccmd(self, node: Node, *words: str) -> subprocess.CompletedProcess[str]:
        """In an empty directory: it takes a password that lies where it is."""
        command = self.lan.inside("boinccmd", "--host", node.address, "--passwd", PASSWORD, *words)
        return subprocess.run(command, cwd=node.directory, capture_output=True, text=True, timeout=60, check=False)


def offered(*nodes: Node) -> set[Target]:
    """What catalog and targets should hold of these nodes: every exporter, at the node's address, under its name."""
    return {Target(node.name, job, url) for node in nodes for job, url in node.metrics_urls().items()}
