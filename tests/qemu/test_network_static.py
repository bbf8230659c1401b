"""Addresses by uebo.net: fixed ones of both families, VLANs, links that are left alone, and bad words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemons import free_port
from support.guest import WORK
from support.network import Bridge, Network, Server
from support.plugged_guest import PluggedGuest
from support.waiting import wait_for


def listen(network: Network, bridge: Bridge) -> Server:
    """Hears DHCP clients and says nothing."""
    server = network.start("silent", sys.executable, str(Path(__file__).with_name("dhcp_server.py")), bridge.name, "silent")
    wait_for(lambda: "ready" in server.text, "it listens")
    return server


@pytest.fixture(scope="module")
def lan() -> Iterator[tuple[Network, Bridge, Bridge]]:
    with Network(WORK / "lan-static") as network:
        network.forward()
        yield network, network.bridge("10.77.0.1/24", "fd77::1/64"), network.bridge("10.78.0.1/24")


@pytest.fixture(scope="module")
def node(lan: tuple[Network, Bridge, Bridge]) -> Iterator[tuple[PluggedGuest, Server]]:
    network, first, second = lan
    network.chrony("10.77.0.1")
    listener = listen(network, first)
    append = ("uebo.net=10.77.0.5::10.77.0.1:255.255.255.0:fixed:eth0:off:10.77.0.1:[fd77::1]:10.77.0.1 "
              "uebo.net=[fd77::5]::[fd77::1]:64::eth0 uebo.net=:::::eth1:off")  # fmt: skip
    guest = PluggedGuest("net-static", append=append, lan=network, bridges=[first, second])
    guest.start()
    try:
        guest.move_to("10.77.0.5")
        guest.wait_for_ssh()
        yield guest, listener
    finally:
        guest.destroy()


def test_fixed_addresses_routes_and_servers_without_dhcp(node: tuple[PluggedGuest, Server]) -> None:
    guest, listener = node
    assert guest.run("hostname").strip() == "fixed"
    assert "10.77.0.5/24" in guest.conditions()["net"]["static@eth0"]
    assert guest.run("cat /etc/resolv.conf").splitlines() == ["nameserver 10.77.0.1", "nameserver fd77::1"]
    assert "default via 10.77.0.1 dev eth0" in guest.run("ip -4 route")
    assert "default via fd77::1 dev eth0" in guest.run("ip -6 route")
    assert guest.try_run("uebo status dhcp@eth0").returncode == 4, "no DHCP client for a link with an address"
    assert "discover" not in listener.text
    wait_for(lambda: guest.conditions().get("clock", {}).get("clock") == "synced", "the time server of uebo.net", 90, 0.5)
    guest.move_to("fd77::5")
    guest.wait_for_ssh()
    wait_for(lambda: "fd77::5/64" in guest.conditions()["net"].get("ipv6@eth0", ""), "nobody else has the address", 30, 0.3)


@pytest.mark.full
def test_a_link_that_is_off_is_up_and_left_alone(node: tuple[PluggedGuest, Server]) -> None:
    guest, _ = node
    assert "LOWER_UP" in guest.run("ip link show eth1")
    assert guest.run("ip -4 -o address show dev eth1") == ""
    assert guest.try_run("uebo status dhcp@eth1").returncode == 4
    assert guest.try_run("uebo status ipv6@eth1").returncode == 4


@pytest.mark.full
def test_fixed_addresses_come_back_with_the_carrier(node: tuple[PluggedGuest, Server]) -> None:
    guest, _ = node
    mark = len(guest.console)
    guest.set_carrier(False)
    guest.wait_for_console("static@eth0: stopped", 30, after=mark)
    guest.set_carrier(True)
    guest.wait_for_console("static@eth0: running", 30, after=mark)
    guest.move_to("10.77.0.5")
    guest.wait_for_ssh(60)
    assert "default via 10.77.0.1 dev eth0" in guest.run("ip -4 route")
    assert "default via fd77::1 dev eth0" in guest.run("ip -6 route")


@pytest.mark.full
def test_a_bad_setting_is_one_clear_line_and_dhcp_goes_on(lan: tuple[Network, Bridge, Bridge]) -> None:
    network, _, second = lan
    network.dnsmasq(f"--interface={second.name}", "--port=0", "--dhcp-range=10.78.0.100,10.78.0.100,2m")
    guest = PluggedGuest("net-bad", append="uebo.net=10.78.0.5:::300::eth0:off uebo.net=10.78.0.6::10.99.0.1:24 "
                         "uebo.net=10.77.0.9:::24::eht0:off", lan=network, bridges=[second])  # fmt: skip
    guest.start()
    try:
        guest.move_to("10.78.0.100")
        guest.wait_for_ssh()
        lines = guest.console_lines("uebo.net=")
        assert len([line for line in lines if 'netmask "300", expected a length from 1 to 32' in line]) == 1, lines
        assert len([line for line in lines if 'gateway "10.99.0.1", expected an address in the network of 10.78.0.6/24' in line]) == 1
        told = wait_for(lambda: guest.console_lines("no such link"), "the console names the link that is not there", 60, 0.5)
        assert len(told) == 1 and "eht0" in told[0] and "eth0" in told[0], told
    finally:
        guest.destroy()


@pytest.mark.full
def test_an_address_without_a_device_is_for_the_first_link(lan: tuple[Network, Bridge, Bridge]) -> None:
    network, _, second = lan
    guest = PluggedGuest("net-first", append="uebo.net=10.78.0.7::10.78.0.1:24", lan=network, bridges=[second])
    guest.start()
    try:
        guest.move_to("10.78.0.7")
        guest.wait_for_ssh()
        assert guest.state("static@eth0") == "running"
        assert guest.try_run("uebo status dhcp@eth0").returncode == 4
    finally:
        guest.destroy()


# --- VLANs: the switch is a program, since not every machine's kernel knows 802.1Q


@pytest.fixture(scope="module")
def trunk() -> Iterator[tuple[Network, PluggedGuest]]:
    with Network(WORK / "lan-vlan") as network:
        own, qemu = free_port(), free_port()
        switch = network.start("switch", sys.executable, str(Path(__file__).with_name("vlan_switch.py")), str(own), str(qemu),
                               "plain", "5", "vlan5")  # fmt: skip
        wait_for(lambda: "ready" in switch.text, "the switch is ready")
        for tap, address in (("plain", "10.79.0.1/24"), ("vlan5", "10.80.0.1/24")):
            network.ip("link", "set", tap, "up")
            network.ip("address", "add", address, "dev", tap)
        network.dnsmasq("--interface=vlan5", "--port=0", "--dhcp-range=10.80.0.100,10.80.0.100,2m")
        nic = ["-netdev", f"dgram,id=trunk,local.type=inet,local.host=127.0.0.1,local.port={qemu},remote.type=inet,"
               f"remote.host=127.0.0.1,remote.port={own}", "-device", "e1000,romfile=,netdev=trunk,id=net0"]  # fmt: skip
        guest = PluggedGuest("net-vlan", append="uebo.net=:::::eth0.5:dhcp uebo.net=10.79.0.5:::24::eth0:off", lan=network, extra=nic)
        guest.start()
        try:
            guest.move_to("10.80.0.100")
            yield network, guest
        finally:
            guest.destroy()


@pytest.mark.full
def test_a_vlan_gets_its_address_by_dhcp_beside_the_fixed_one_of_its_parent(trunk: tuple[Network, PluggedGuest]) -> None:
    network, guest = trunk
    guest.wait_for_ssh()
    assert "eth0.5 10.80.0.100/24" == guest.conditions()["net"]["dhcp@eth0.5"]
    assert guest.state("static@eth0") == "running"
    assert guest.run("cat /proc/net/vlan/eth0.5").splitlines()[0].split()[:3] == ["eth0.5", "VID:", "5"]
    assert network.reachable("10.79.0.5"), "untagged"
    assert guest.try_run("uebo status dhcp@eth0").returncode == 4


@pytest.mark.full
def test_a_vlan_follows_the_carrier_of_its_parent(trunk: tuple[Network, PluggedGuest]) -> None:
    _, guest = trunk
    guest.wait_for_ssh()
    mark = len(guest.console)
    guest.set_carrier(False)
    guest.wait_for_console("dhcp@eth0.5: stopped", 30, after=mark)
    guest.set_carrier(True)
    guest.wait_for_console("dhcp@eth0.5: running", 30, after=mark)
    guest.drop_ssh()
    guest.wait_for_ssh(60)
