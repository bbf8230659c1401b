"""A network without IPv4: address, route and name servers come from router advertisements alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support import disks
from support.guest import WORK, Disk
from support.network import Bridge, Network, Server
from support.plugged_guest import PluggedGuest
from support.waiting import wait_for

Record = Callable[[str, object], None]
ADDRESS = "fd77::5054:ff:fe12:3456"
ADVERTISED = """AdvDefaultLifetime 60; prefix fd77::/64 { AdvOnLink on; AdvAutonomous on; };
RDNSS fd77::1 { AdvRDNSSLifetime 60; }; DNSSL rack.test { AdvDNSSLLifetime 60; };"""


class Ipv6Lan:
    def __init__(self, network: Network) -> None:
        self.network = network
        network.forward()
        self.bridge: Bridge = network.bridge("fd77::1/64")
        network.dnsmasq(f"--interface={self.bridge.name}", "--address=/time.rack.test/fd77::1", "--address=/far.test/fd99::1")
        network.chrony("fd77::1")
        self.router: Server = self.advertise()

    def advertise(self) -> Server:
        self.router = self.network.radvd(self.bridge.name, ADVERTISED)
        return self.router


@pytest.fixture(scope="module")
def lan() -> Iterator[Ipv6Lan]:
    with Network(WORK / "lan-ipv6") as network:
        yield Ipv6Lan(network)


@pytest.fixture(scope="module")
def node(lan: Ipv6Lan) -> Iterator[PluggedGuest]:
    guest = PluggedGuest("net-ipv6", append="uebo.ntp=time.rack.test", disks=[Disk(disks.make_ext4(WORK / "net-ipv6.img"))],
                         lan=lan.network, bridges=[lan.bridge])  # fmt: skip
    guest.start()
    try:
        guest.move_to(ADDRESS)
        yield guest
    finally:
        guest.destroy()


def resolver(guest: PluggedGuest) -> list[str]:
    return guest.run("cat /etc/resolv.conf").splitlines()


def assert_routed(guest: PluggedGuest) -> None:
    """By one router, with the metric that the place of the link says."""
    routes = guest.run("ip -6 route show default").splitlines()
    metric = 100 + int(guest.run("cat /sys/class/net/eth0/ifindex"))
    assert len(routes) == 1 and "dev eth0" in routes[0] and f"metric {metric} " in routes[0], routes


def test_an_ipv6_only_node_is_reachable_and_works(node: PluggedGuest, record_property: Record) -> None:
    record_property("ssh over IPv6 after power-on, s", round(node.wait_for_ssh(), 1))
    assert node.run("ip -4 -o address show scope global") == ""
    assert f"{ADDRESS}/64" in node.conditions()["net"]["ipv6@eth0"]
    assert resolver(node) == ["search rack.test", "nameserver fd77::1"]
    assert_routed(node)
    node.wait_for_state("boinc", "running", 120)
    wait_for(lambda: node.conditions().get("clock", {}).get("clock") == "synced", "a time server named by DNS has set the clock", 120, 0.5)


@pytest.mark.full
def test_names_are_found_by_the_advertised_server(node: PluggedGuest) -> None:
    node.wait_for_ssh()
    assert "fd99::1" in node.try_run("nslookup far.test").stdout  # it asks for an IPv4 address as well, in vain


@pytest.mark.full
def test_a_router_that_goes_takes_its_name_server_along(node: PluggedGuest, lan: Ipv6Lan) -> None:
    node.wait_for_ssh()
    wait_for(lambda: resolver(node), "a name server", 30, 0.3)
    lan.router.end()
    wait_for(lambda: not resolver(node), "the name server goes with its router", 90, 0.5)
    assert node.run("ip -6 route show default") == ""
    lan.advertise()
    wait_for(lambda: resolver(node) == ["search rack.test", "nameserver fd77::1"], "it is back", 30, 0.3)
    assert_routed(node)


@pytest.mark.full
def test_a_client_that_is_started_anew_asks_for_what_it_missed(node: PluggedGuest) -> None:
    node.wait_for_ssh()
    wait_for(lambda: resolver(node), "a name server", 30, 0.3)
    pid = node.status("ipv6@eth0")["pid"]
    node.run(f"kill -9 {pid}")
    wait_for(lambda: node.status("ipv6@eth0").get("pid") not in (None, pid), "it runs again", 30, 0.3)
    wait_for(lambda: resolver(node) and "ipv6@eth0" in node.conditions().get("net", {}), "it knows everything again", 30, 0.3)


@pytest.mark.full
def test_a_router_that_comes_late_is_heard(lan: Ipv6Lan, record_property: Record) -> None:
    lan.router.stop()
    guest = PluggedGuest("net-ipv6-late", lan=lan.network, bridges=[lan.bridge])
    guest.start()
    try:
        guest.wait_for_console("ipv6@eth0: running", 120)
        guest.wait_for_console("dropbear: running", 120)
        lan.advertise()
        guest.move_to(ADDRESS)
        guest.wait_for_ssh()
        assert resolver(guest) == ["search rack.test", "nameserver fd77::1"]
        assert "ipv6@eth0" in guest.conditions()["net"]
    finally:
        guest.destroy()
