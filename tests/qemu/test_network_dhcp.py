"""DHCP servers that are slow, absent, back again, of another mind, silent in the middle of a lease, or full of junk."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.guest import WORK, Guest
from support.network import Bridge, Network, Server
from support.plugged_guest import PluggedGuest
from support.waiting import scaled, wait_for

pytestmark = pytest.mark.full

Record = Callable[[str, object], None]
RANGE = "--dhcp-range=10.77.0.100,10.77.0.120,2m"
LONGEST_SILENCE = 10  # seconds between two requests of a client that nobody answers
SLOW = 9
ABSENCE = 300  # seconds


class Lan:
    """eth0 is in the hands of the test's servers; eth1 has a fixed address by which the test looks at the node."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.bridge: Bridge = network.bridge("10.77.0.1/24")
        self.side: Bridge = network.bridge("10.78.0.1/24")
        self.server: Server | None = None

    def serve(self, *options: str) -> Server:
        self.quiet()
        self.server = self.network.dnsmasq(f"--interface={self.bridge.name}", "--port=0", *options)
        return self.server

    def play(self, mode: str, *words: str) -> Server:
        self.quiet()
        program = str(Path(__file__).with_name("dhcp_server.py"))
        self.server = server = self.network.start(mode, sys.executable, program, self.bridge.name, mode, *words)
        wait_for(lambda: "ready" in server.text, "the server is ready")
        return self.server

    def quiet(self) -> None:
        if self.server:
            self.server.stop()
        self.server = None


@pytest.fixture(scope="module")
def lan() -> Iterator[Lan]:
    with Network(WORK / "lan-dhcp") as network:
        yield Lan(network)


@pytest.fixture(scope="module")
def node(lan: Lan) -> Iterator[PluggedGuest]:
    """It has booted with a server that takes its time."""
    lan.serve(RANGE, f"--dhcp-reply-delay={SLOW}")
    guest = PluggedGuest("net-dhcp", append="uebo.net=10.78.0.5:::24::eth1:off", lan=lan.network, bridges=[lan.bridge, lan.side])
    guest.start()
    try:
        guest.move_to("10.78.0.5")
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def address_of(guest: Guest, link: str = "eth0") -> str:
    """Of IPv4, with its prefix; empty: none."""
    words = guest.run(f"ip -4 -o address show dev {link}").split()
    return words[words.index("inet") + 1] if "inet" in words else ""


def holds_net(guest: Guest, holder: str) -> str:
    return guest.conditions().get("net", {}).get(holder, "")


def start_anew(guest: Guest) -> None:
    guest.run("uebo restart dhcp@eth0")


def requests(server: Server, kind: str) -> list[float]:
    lines = (line.split() for line in server.text.splitlines())
    return [float(words[0]) for words in lines if len(words) == 3 and words[1] == kind]


def test_a_slow_server_is_waited_for(lan: Lan, node: PluggedGuest, record_property: Record) -> None:
    address = wait_for(lambda: address_of(node), "an address", 60, 0.3)
    assert address.startswith("10.77.0.1")
    assert address in holds_net(node, "dhcp@eth0")
    start_anew(node)
    began = time.monotonic()
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "the address comes again", 60, 0.3)
    took = time.monotonic() - began
    record_property(f"an address from a server that takes {SLOW} s, s", round(took, 1))
    assert took >= SLOW, "the server was not slow"


def test_a_server_that_is_absent_is_asked_until_it_is_back(lan: Lan, node: PluggedGuest, record_property: Record) -> None:
    listener = lan.play("silent")
    start_anew(node)
    heard = wait_for(lambda: h if (h := requests(listener, "discover")) and h[-1] >= h[0] + ABSENCE else None, "five minutes of requests",
                     ABSENCE + 60, 0.5)  # fmt: skip
    gaps = [later - earlier for earlier, later in zip(heard, heard[1:])]
    record_property("longest silence of a DHCP client without a server, s", round(max(gaps), 1))
    assert max(gaps) <= scaled(LONGEST_SILENCE)
    assert address_of(node) == "" and holds_net(node, "dhcp@eth0") == ""
    assert node.status("dhcp@eth0")["restarts"] == 0, "one client asks all the time"
    assert "no DHCP server answers on eth0" in node.run("uebo logs dhcp@eth0")
    lan.serve(RANGE, "--dhcp-option=42,10.77.0.1")
    began = time.monotonic()
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "an address", 60, 0.3)
    took = time.monotonic() - began
    record_property("an address after the DHCP server is back, s", round(took, 1))
    assert took <= scaled(LONGEST_SILENCE + 5)
    wait_for(lambda: "10.77.0.1" in node.run("uebo logs ntpd"), "the time client learns of the server's time server", 30, 0.5)


def test_a_lease_is_renewed_with_another_address(lan: Lan, node: PluggedGuest) -> None:
    hosts = lan.network.directory / "hosts"
    hosts.write_text(f"{node.mac(0)},10.77.0.30\n")
    server = lan.serve(RANGE, f"--dhcp-hostsfile={hosts}")
    start_anew(node)
    wait_for(lambda: address_of(node) == "10.77.0.30/24", "the first address", 60, 0.3)
    client = node.status("dhcp@eth0")["pid"]
    hosts.write_text(f"{node.mac(0)},10.77.0.40\n")
    server.reload()
    # Half of the two minutes, which is the shortest lease of dnsmasq.
    wait_for(lambda: address_of(node) == "10.77.0.40/24", "the other address, at the time of renewal", 90, 0.5)
    wait_for(lambda: holds_net(node, "dhcp@eth0") == "eth0 10.77.0.40/24", "the condition says so", 10, 0.2)
    assert "10.77.0.30" not in node.run("ip address; ip route")
    assert "default via 10.77.0.1 dev eth0" in node.run("ip route")
    assert node.status("dhcp@eth0")["pid"] == client
    assert lan.network.reachable("10.77.0.40")


def test_a_lease_that_runs_out_takes_address_and_net_away(lan: Lan, node: PluggedGuest) -> None:
    server = lan.play("lease", "10.77.0.1", "10.77.0.50", "30")  # the shortest that udhcpc believes
    start_anew(node)
    wait_for(lambda: holds_net(node, "dhcp@eth0") == "eth0 10.77.0.50/24", "a short lease", 60, 0.3)
    wait_for(lambda: len(requests(server, "request")) >= 2, "it is renewed", 60, 0.3)
    lan.quiet()
    wait_for(lambda: holds_net(node, "dhcp@eth0") == "", "the condition goes with the lease", 90, 0.5)
    assert address_of(node) == ""
    assert "default" not in node.run("ip route")
    assert "eth0 has lost its address" in node.run("uebo logs dhcp@eth0")
    lan.serve(RANGE)
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "another server's lease", 60, 0.3)


def test_packets_that_are_no_answers_do_no_harm(lan: Lan, node: PluggedGuest) -> None:
    server = lan.play("junk")
    start_anew(node)
    wait_for(lambda: len(requests(server, "discover")) >= 6, "junk for six requests", 90, 0.5)
    assert address_of(node) == ""
    assert node.state("dhcp@eth0") == "running"
    lan.serve(RANGE)
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "an address from a server that speaks DHCP", 60, 0.3)


def test_an_absurd_lease_is_refused_and_the_next_server_is_asked(lan: Lan, node: PluggedGuest) -> None:
    server = lan.play("absurd")
    start_anew(node)
    wait_for(lambda: len({*requests(server, "request")}) >= 6, "six absurd leases", 120, 0.5)
    files = node.run("cat /etc/resolv.conf /run/uebo/ntp-servers; ip -o address; ip route; hostname")
    for never in ("6.6.6.6", "reboot", "127.0.0.1/8 scope global", "224.0.0.1", "evil", "255.255.255.255 dev"):
        assert never not in files, files
    assert node.run("cat /sys/class/net/eth0/mtu").strip() == "1500"
    assert holds_net(node, "dhcp@eth0") == ""
    assert "no address in $ip that a host can have" in node.run("uebo logs dhcp@eth0")
    lan.serve(RANGE)
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "an address from a server in its right mind", 90, 0.3)
    assert node.status()["units"], "PID 1 is well"


def test_a_server_that_refuses_every_request_causes_no_storm(lan: Lan, node: PluggedGuest, record_property: Record) -> None:
    server = lan.play("refusing")
    start_anew(node)
    heard = wait_for(lambda: h if len(h := requests(server, "discover")) >= 8 else None, "eight refusals", 120, 0.5)
    rate = len(heard) / (heard[-1] - heard[0])
    record_property("requests a second to a server that refuses all", round(rate, 2))
    assert rate <= 1
    lan.serve(RANGE)
    wait_for(lambda: holds_net(node, "dhcp@eth0"), "an address", 60, 0.3)
