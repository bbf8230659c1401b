"""Optional packages: each does its work on a node, and a switch that knows LLDP sees the node. The image has all of them and the
one that README tells how to add; see build_optional_image of tests/run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import FIRST_BOOT_DEADLINE
from support import disks
from support.guest import WORK, Disk
from support.machine import AARCH64, AARCH64_OPTIONAL, ROOT, VIRT_AARCH64_OPTIONAL
from support.network import Bridge, Network, Server
from support.plugged_guest import PluggedGuest
from support.waiting import scaled, wait_for

pytestmark = pytest.mark.full

Record = Callable[[str, object], None]
Json = dict[str, Any]
NAMES = sorted(place.stem for place in (ROOT / "buildsteps/platforms/optional").glob("*.toml"))
OWN = "tinyproxy"  # README's example
HOST, NODE = "10.79.0.1", "10.79.0.5"
NAME, SWITCH = "rack-node", "rack-switch"
TERMINALS = ("vt100", "linux", "xterm", "xterm-256color", "screen", "screen-256color", "tmux", "tmux-256color", "vt220", "rxvt-unicode-256color")
MEBI = 1 << 20


class Switch:
    """A switch that knows LLDP: the real lldpd at the wall's side of the node's cable."""

    def __init__(self, bridge: Bridge) -> None:
        self.lan = bridge.network
        self.socket = self.lan.directory / "lldpd.socket"
        configuration = self.lan.directory / "lldpd.conf"
        configuration.write_text(f"configure system hostname {SWITCH}\nconfigure lldp tx-interval 2\n")
        self.daemon: Server = self.lan.start("lldpd", "lldpd", "-d", "-u", str(self.socket), "-p", str(self.lan.directory / "lldpd.pid"),
                                             "-O", str(configuration), "-I", f"{bridge.name}p*")  # fmt: skip
        self.wire: Server = self.lan.start("tcpdump", "tcpdump", "-i", "any", "-n", "-v", "-l", "ether proto 0x88cc")
        wait_for(lambda: not self.daemon.works or self.socket.exists(), "lldpd of the switch is ready")
        wait_for(lambda: "listening on" in self.wire.text, "tcpdump listens on the wire")
        assert self.daemon.works, self.daemon.text

    def names_told(self) -> set[str]:
        """By anybody, ever."""
        return set(re.findall(r"System Name TLV \(5\), length \d+: (\S+)", self.wire.text))

    def neighbours(self) -> dict[str, Json]:
        """By name."""
        said = self.lan.run("lldpcli", "-u", str(self.socket), "-f", "json0", "show", "neighbors").stdout
        interfaces = [one for lldp in json.loads(said)["lldp"] for one in lldp.get("interface", [])]
        return {name["value"]: one for one in interfaces for chassis in one["chassis"] for name in chassis.get("name", [])}


@pytest.fixture(scope="module")
def lan() -> Iterator[Network]:
    with Network(WORK / "lan-optional") as network:
        yield network


@pytest.fixture(scope="module")
def bridge(lan: Network) -> Bridge:
    return lan.bridge(f"{HOST}/24")


@pytest.fixture(scope="module")
def switch(bridge: Bridge) -> Switch:
    return Switch(bridge)


@pytest.fixture(scope="module")
def node(lan: Network, bridge: Bridge, switch: Switch) -> Iterator[PluggedGuest]:
    """The switch is there before it; besides its storage it has an NVMe disk."""
    nvme = WORK / "optional-nvme.img"
    with nvme.open("wb") as file:
        file.truncate(64 * MEBI)
    guest = PluggedGuest("optional", append=f"uebo.hostname={NAME} uebo.net={NODE}:::24::eth0:off", lan=lan, bridges=[bridge],
                         machine=VIRT_AARCH64_OPTIONAL, disks=[Disk(disks.make_ext4(WORK / "optional.img")),
                                                               Disk(nvme, device="nvme,serial=NVME-OF-THE-TESTS")])  # fmt: skip
    guest.start()
    try:
        guest.move_to(NODE)
        guest.wait_for_ssh(FIRST_BOOT_DEADLINE)
        yield guest
    finally:
        guest.destroy()


# --- the image


def manifest(folder: Path) -> Json:
    found: Json = json.loads((folder / "manifest.json").read_text())
    return found


def test_the_manifest_names_what_was_chosen_and_every_licence(record_property: Record) -> None:
    mine, plain = manifest(AARCH64_OPTIONAL.folder), manifest(AARCH64.folder)
    assert mine["optional"] == sorted([*NAMES, OWN]) and plain["optional"] == []
    more = {package["name"]: package for package in mine["packages"] if package not in plain["packages"]}
    assert {"lldpd", "htop", "libreadline8t64", "libncursesw6", "tinyproxy-bin"} <= set(more) and all(p["licence"] for p in more.values())
    megabytes = (mine["files"]["initramfs.zst"]["size"] - plain["files"]["initramfs.zst"]["size"]) / 1e6
    record_property("all optional packages add to the image, MB", round(megabytes, 1))
    assert 1 < megabytes <= 5


def test_a_plain_image_has_nothing_of_them() -> None:
    usr, more = AARCH64.folder / "parts/root/usr", AARCH64_OPTIONAL.folder / "parts/root/usr"
    for program in ("bin/htop", "bin/strace", "sbin/lldpd", "lib/uebo/services/lldpd.json", "lib/aarch64-linux-gnu/libreadline.so.8"):
        assert (more / program).exists() and not (usr / program).exists(), program
    taken = {package["name"] for package in manifest(AARCH64.folder)["packages"]}
    assert taken & {"lldpd", "htop", "strace", "tcpdump", "libreadline8t64", "libsnmp40t64"} == set()


# --- lldpd


def test_lldpd_tells_the_switch_the_nodes_name_and_link(switch: Switch, node: PluggedGuest) -> None:
    def values(name: str, part: str) -> list[str]:
        found = switch.neighbours().get(NAME, {part: [{}]})
        return [one["value"] for one in found[part][0].get(name, [])]

    wait_for(lambda: NODE in values("mgmt-ip", "chassis"), "the switch sees the node and its address", 60, 0.5)
    assert values("id", "chassis") == [node.mac(0)]
    assert values("descr", "port") == ["eth0"]
    assert switch.names_told() == {NAME, SWITCH}, "it has told no other name before it knew its own"


def test_lldpd_shows_the_switch_on_the_node(switch: Switch, node: PluggedGuest) -> None:
    wait_for(lambda: SWITCH in node.run("lldpcli show neighbors"), "the node sees the switch", 30, 0.5)
    port = next(line.split() for line in node.run("lldpcli -f keyvalue show neighbors").splitlines() if ".port.descr=" in line)
    assert port == [f"lldp.eth0.port.descr={node.bridges[0].taps[0]}"]
    xml = node.try_run("lldpcli -f xml show neighbors")
    assert xml.returncode == 1 and "cannot create xml writer" in xml.stderr, "which has a stand-in"


def test_lldpd_reads_packets_without_root_and_within_its_memory(node: PluggedGuest, record_property: Record) -> None:
    lines = [line.split(None, 3) for line in node.run("ps -o user,pid,vsz,args").splitlines() if "lldpd:" in line]
    assert len(lines) == 2 and {line[0] for line in lines} == {"_lldpd"}, lines
    reader = next(line[1] for line in lines if "monitor" not in line[3])
    status = dict(line.split(":\t", 1) for line in node.run(f"cat /proc/{reader}/status").splitlines() if ":\t" in line)
    assert int(status["CapPrm"], 16) == 0 and node.run(f"readlink /proc/{reader}/root").strip() == "/run/lldpd"
    peak = int(node.run("cat /sys/fs/cgroup/uebo/lldpd/memory.peak")) / MEBI
    record_property("most memory of lldpd, MiB", round(peak, 1))
    assert peak < 10


def test_lldpd_that_was_killed_is_back_and_one_that_is_stopped_says_goodbye(switch: Switch, node: PluggedGuest) -> None:
    before = node.status("lldpd")
    node.run("kill -9 $(pidof lldpd)")
    wait_for(lambda: node.status("lldpd")["restarts"] == before["restarts"] + 1, "it was started again", 30, 0.5)
    node.wait_for_state("lldpd", "running")
    wait_for(lambda: SWITCH in node.try_run("lldpcli show neighbors").stdout, "the node sees the switch again", 30, 0.5)
    wait_for(lambda: NAME in switch.neighbours(), "the switch sees the node again", 60, 0.5)
    node.run("uebo stop lldpd")
    # Its last word has a time to live of 120 s: it is not by that alone that it goes.
    wait_for(lambda: NAME not in switch.neighbours(), "the switch forgets the node", 20, 0.5)
    node.run("uebo start lldpd")
    wait_for(lambda: NAME in switch.neighbours(), "the switch sees the node", 60, 0.5)


# --- programs for people


def test_htop_runs_on_the_terminals_that_people_have(node: PluggedGuest) -> None:
    node.type("\nroot\n")
    node.wait_for_console("Password:", 30)
    node.type("serial-line\n")
    for terminal in ("", *(f"TERM={name} " for name in TERMINALS)):
        mark = len(node.console)
        node.type(f"{terminal}htop; echo ended_$?\n")
        node.wait_for_console("F10", 30, after=mark)
        assert "/init" in node.console[mark:], "it shows PID 1"
        node.type("q")
        node.wait_for_console("ended_0", 30, after=mark)
        assert "Error opening terminal" not in node.console[mark:]
    node.type("exit\n")


def test_strace_shows_what_a_service_does(node: PluggedGuest) -> None:
    trace = "strace -f -e trace=accept,accept4 -o /tmp/trace -p $(pidof tinyproxy)"
    node.run(f"{trace} >/dev/null 2>&1 & echo $! >/tmp/strace.pid")
    wait_for(lambda: node.run("grep TracerPid /proc/$(pidof tinyproxy)/status").split()[1] != "0", "strace is attached", 20, 0.3)
    node.run(f"nc {NODE} 8888 </dev/null")
    wait_for(lambda: "accept" in node.run("cat /tmp/trace"), "the trace shows the connection", 20, 0.3)
    node.run("kill $(cat /tmp/strace.pid)")
    assert "execve" in node.run("strace -e trace=execve true 2>&1")


def test_tcpdump_shows_the_switchs_packets_as_a_user_of_its_own(node: PluggedGuest) -> None:
    node.run("tcpdump -i eth0 -n -v -l -c 2 ether proto 0x88cc and not ether src " + node.mac(0) + " >/tmp/packets 2>/tmp/said &")
    wait_for(lambda: "listening on" in node.run("cat /tmp/said"), "tcpdump listens", 20, 0.3)
    users = [line.split()[0] for line in node.run("ps -o user,comm").splitlines() if line.endswith(" tcpdump")]
    assert users == ["tcpdump"]
    wait_for(lambda: f"System Name TLV (5), length {len(SWITCH)}: {SWITCH}" in node.run("cat /tmp/packets"), "the switch's name", 20, 0.5)


def test_ethtool_shows_the_card_and_sets_it(node: PluggedGuest) -> None:
    assert "driver: e1000" in node.run("ethtool -i eth0")
    assert {"Speed: 1000Mb/s", "Link detected: yes"} <= {line.strip() for line in node.run("ethtool eth0").splitlines()}
    assert "rx_packets" in node.run("ethtool -S eth0")
    for word in ("off", "on"):
        node.run(f"ethtool -K eth0 tso {word}")
        assert f"tcp-segmentation-offload: {word}" in node.run("ethtool -k eth0")


def test_iperf3_measures_both_directions(lan: Network, node: PluggedGuest, record_property: Record) -> None:
    server = lan.start("iperf3", "iperf3", "--server", "--bind", HOST)
    wait_for(lambda: ":5201 " in lan.run("ss", "-Hltn").stdout, "iperf3 listens")
    try:
        for way, option in (("from", ""), ("to", "--reverse")):
            said = json.loads(node.run(f"iperf3 --client {HOST} --time 1 --json {option}"))
            rate = said["end"]["sum_received"]["bits_per_second"] / 1e6
            record_property(f"network {way} the emulated node, Mbit/s", round(rate))
            assert rate > 1
    finally:
        server.stop()


def test_smartctl_tells_the_health_of_an_nvme_disk(node: PluggedGuest) -> None:
    said = node.run("smartctl --info --health /dev/nvme0")
    assert "NVME-OF-THE-TESTS" in said and "test result: PASSED" in said
    assert "Seagate Barracuda" in node.try_run("smartctl --presets=showall ST3500630AS").stdout, "it knows disks by its database"


def test_rsync_copies_over_ssh_both_ways(node: PluggedGuest, tmp_path: Path) -> None:
    node.wait_for_storage()
    content = tmp_path / "there/deep/er"
    content.mkdir(parents=True)
    (content / "file").write_bytes(os.urandom(300_000))
    ssh = ["rsync", "-a", "-e", shlex.join(node.ssh_command())]
    for words in ((f"{tmp_path}/there", "root@guest:/storage/"), ("root@guest:/storage/there/", f"{tmp_path}/back")):
        done = subprocess.run([*ssh, *words], capture_output=True, text=True, timeout=scaled(60), check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "back/deep/er/file").read_bytes() == (content / "file").read_bytes()


# --- one that is not listed


def test_the_example_of_the_readme_is_a_service_that_works(lan: Network, node: PluggedGuest) -> None:
    node.wait_for_state("tinyproxy", "running")
    assert node.run("stat -c %U /proc/$(pidof tinyproxy)").strip() == "tinyproxy"
    pages = lan.directory / "pages"
    pages.mkdir()
    (pages / "page").write_text("of the web")
    web = lan.start("web", sys.executable, "-m", "http.server", "8080", "--bind", HOST, "--directory", str(pages))
    wait_for(lambda: ":8080 " in lan.run("ss", "-Hltn").stdout, "the web is there")
    got = lan.run("curl", "--silent", "--max-time", "20", "--proxy", f"http://{NODE}:8888", f"http://{HOST}:8080/page")
    assert got.stdout == "of the web"
    wait_for(lambda: NODE in web.text, "the web saw the node")
