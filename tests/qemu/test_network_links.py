"""Two network cards, a carrier that comes and goes, and packets of 9,000 bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from support.guest import WORK
from support.network import Bridge, Network
from support.plugged_guest import PluggedGuest
from support.waiting import wait_for

pytestmark = pytest.mark.full

Record = Callable[[str, object], None]
FLAPS = 15
BURST = 60


@pytest.fixture(scope="module")
def node() -> Iterator[PluggedGuest]:
    with Network(WORK / "lan-links") as network:
        bridges = [network.bridge("10.77.0.1/24", mtu=9000), network.bridge("10.78.0.1/24")]
        for bridge, subnet in zip(bridges, ("10.77.0", "10.78.0")):
            jumbo = ["--dhcp-option=26,9000"] if bridge.mtu == 9000 else []
            big = [f"--txt-record=big.rack.test,{'x' * 250}{number}" for number in range(30)]
            network.dnsmasq(f"--interface={bridge.name}", f"--dhcp-range={subnet}.100,{subnet}.100,10m",
                            "--edns-packet-max=9000",
                            "--address=/small.rack.test/10.9.9.9", *big, *jumbo)  # fmt: skip
        guest = PluggedGuest("net-links", lan=network, bridges=bridges)
        guest.start()
        try:
            guest.move_to("10.78.0.100")
            guest.wait_for_ssh()
            wait_for(lambda: "dhcp@eth0" in guest.conditions()["net"], "both links have an address", 60, 0.3)
            yield guest
        finally:
            guest.destroy()


def default_routes(guest: PluggedGuest) -> list[str]:
    """Devices, the one that is used first."""
    lines = [line.split() for line in guest.run("ip -4 route show default").splitlines() if "linkdown" not in line]
    return [words[words.index("dev") + 1] for words in sorted(lines, key=lambda words: int(words[words.index("metric") + 1]))]


def way_out(guest: PluggedGuest) -> str:
    words = guest.run("ip -4 route get 192.0.2.1").split()
    return words[words.index("dev") + 1]


def test_both_cards_have_an_address_and_the_first_one_leads_out(node: PluggedGuest) -> None:
    net = node.conditions()["net"]
    assert net["dhcp@eth0"] == "eth0 10.77.0.100/24" and net["dhcp@eth1"] == "eth1 10.78.0.100/24"
    assert default_routes(node) == ["eth0", "eth1"]
    assert way_out(node) == "eth0"
    node.run("uebo restart dhcp@eth0")
    wait_for(lambda: default_routes(node) == ["eth0", "eth1"], "the first one leads out, though it came last", 60, 0.3)


def test_a_card_that_loses_its_carrier_gives_way(node: PluggedGuest, record_property: Record) -> None:
    node.set_carrier(False, card=0)
    began = time.monotonic()
    wait_for(lambda: way_out(node) == "eth1", "the other card leads out", 30, 0.1)
    record_property("the other card leads out after a lost carrier, s", round(time.monotonic() - began, 1))
    wait_for(lambda: "dhcp@eth0" not in node.conditions()["net"], "its address is not counted any more", 30, 0.3)
    assert default_routes(node) == ["eth1"]
    node.set_carrier(True, card=0)
    wait_for(lambda: way_out(node) == "eth0", "the first card leads out again", 60, 0.3)
    assert node.conditions()["net"]["dhcp@eth0"] == "eth0 10.77.0.100/24"


def test_a_carrier_that_comes_and_goes_starts_no_storm(node: PluggedGuest, record_property: Record) -> None:
    wait_for(lambda: "dhcp@eth0" in node.conditions()["net"], "an address", 60, 0.3)
    client = node.status("dhcp@eth0")["pid"]
    seen = int(node.run("cat /sys/class/net/eth0/carrier_changes"))
    mark = len(node.console)
    for up in (False, True) * FLAPS:
        node.set_carrier(up)
        wait_for(lambda: node.run("cat /sys/class/net/eth0/carrier").strip() == str(int(up)), "the node has seen it", 10, 0.05)
    changes = int(node.run("cat /sys/class/net/eth0/carrier_changes")) - seen
    assert changes >= 2 * FLAPS
    for up in (False, True) * BURST:
        node.set_carrier(up)
    record_property("changes of a carrier that started nothing", changes)
    assert node.status("dhcp@eth0")["pid"] == client, "one client through all of it"
    assert "dhcp@eth0: stopped" not in node.console[mark:]
    assert node.conditions()["net"]["dhcp@eth0"] == "eth0 10.77.0.100/24"
    node.move_to("10.77.0.100")
    node.wait_for_ssh(30)
    node.move_to("10.78.0.100")


def mtu_of(guest: PluggedGuest, link: str) -> int:
    return int(guest.run(f"cat /sys/class/net/{link}/mtu"))


def test_an_mtu_of_9000_is_taken_and_used(node: PluggedGuest) -> None:
    assert node.lan
    assert mtu_of(node, "eth0") == 9000 and mtu_of(node, "eth1") == 1500
    assert node.lan.reachable("10.77.0.100", size=8972), "an echo of 9,000 bytes, in one packet"
    node.move_to("10.77.0.100")
    data = "x" * 1_000_000
    assert node.try_run("wc -c", given=data).stdout.strip() == str(len(data))
    node.move_to("10.78.0.100")
    statistics = node.run("cat /sys/class/net/eth0/statistics/rx_errors /sys/class/net/eth0/statistics/rx_length_errors").split()
    assert statistics == ["0", "0"]


def test_the_mtu_goes_with_its_lease(node: PluggedGuest) -> None:
    node.run("uebo stop dhcp@eth0")
    wait_for(lambda: mtu_of(node, "eth0") == 1500, "the link's own MTU", 10, 0.2)
    node.run("uebo start dhcp@eth0")
    wait_for(lambda: mtu_of(node, "eth0") == 9000, "that of the lease", 60, 0.3)
    wait_for(lambda: "dhcp@eth0" in node.conditions()["net"], "the address is there again", 30, 0.3)


def test_answers_of_9000_bytes_come_in_fragments_where_the_link_is_small(node: PluggedGuest) -> None:
    assert node.lan
    echo = node.lan.run("ping", "-c", "2", "-W", "2", "-s", "8972", "10.78.0.100", check=False)
    assert echo.returncode == 0, echo.stdout
    assert ", 0% packet loss" in node.run("ping -c 2 -s 8972 10.78.0.1")
    # 30 texts of 250 bytes: more than the node's resolver takes. It says so or shows a part, and works on.
    big = node.try_run("nslookup -type=txt big.rack.test 10.78.0.1")
    assert "big.rack.test" in big.stdout + big.stderr, big
    assert "10.9.9.9" in node.try_run("nslookup small.rack.test 10.78.0.1").stdout  # it has no IPv6 address, which is a failure
    assert node.status()["units"]
