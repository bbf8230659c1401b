"""A node in Consul: over HTTPS with a token, from the boot to the power-off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from support import disks
from support.consul import Consul
from support.guest import WORK, Disk
from support.network import Bridge, Network
from support.plugged_guest import PluggedGuest

ADDRESS = "10.79.0.1"


@pytest.fixture(scope="module")
def lan() -> Iterator[Bridge]:
    with Network(WORK / "lan-consul") as network:
        bridge = network.bridge(f"{ADDRESS}/24")
        network.dnsmasq("--dhcp-range=10.79.0.100,10.79.0.150,1h", f"--interface={bridge.name}")
        yield bridge


@pytest.fixture(scope="module")
def consul(lan: Bridge) -> Iterator[Consul]:
    directory = lan.network.directory / "consul"
    with Consul(lan.network, directory, address=ADDRESS, acl=True, tls=(f"IP:{ADDRESS}",)) as server:
        yield server


@pytest.fixture(scope="module")
def token(consul: Consul) -> str:
    return consul.token('node "registered" { policy = "write" } service_prefix "" { policy = "write" }')


@pytest.fixture(scope="module")
def node(lan: Bridge, consul: Consul, token: str) -> Iterator[PluggedGuest]:
    """Its storage holds the authority behind Consul's certificate; the token is on the command line."""
    content = WORK / "consul-storage"
    shutil.rmtree(content, ignore_errors=True)
    (content / "consul").mkdir(parents=True)
    shutil.copy(consul.ca, content / "consul/ca.pem")
    disk = disks.make_ext4(WORK / "consul.img", content)
    append = f"uebo.hostname=registered uebo.consul=https://{ADDRESS}:{consul.https_port} uebo.consul.token={token}"
    guest = PluggedGuest("consul", append=append, disks=[Disk(disk)], lan=lan.network, bridges=[lan])
    guest.start()
    try:
        yield guest
    finally:
        guest.destroy()


def test_it_registers_itself_by_https_with_the_authority_of_its_storage(node: PluggedGuest, consul: Consul) -> None:
    def seen(it: Consul) -> dict[str, Any] | None:
        found = it.node("registered")
        return found if found and "node_exporter" in found["Services"] else None

    found = consul.wait(seen, "the node and its exporter are in the catalog", 240)
    address = found["Node"]["Address"]
    assert address.startswith("10.79.0.1")
    assert found["Node"]["Meta"]["mac"] == node.mac(0)
    node.move_to(address)
    node.wait_for_ssh()
    assert node.state("registrar") == "running"


def test_the_token_is_the_registrars_alone(node: PluggedGuest, token: str) -> None:
    for place in ("/proc/cmdline", "/proc/device-tree/chosen/bootargs", "/sys/firmware/devicetree/base/chosen/bootargs"):
        shown = node.run(f"cat {place}")
        assert token not in shown and "uebo.consul.token=" in shown, place
    assert node.run("stat -c '%U %a' /run/uebo/consul/token /run/uebo/consul/ca.pem").split("\n")[:2] == ["uebo-consul 400"] * 2
    assert token not in node.run("cat /var/log/*/current")
    registrar = node.status("registrar")
    assert token not in node.run(f"cat /proc/{registrar['pid']}/environ /proc/{registrar['pid']}/cmdline")
    assert registrar["memory"] < 8 << 20, registrar


def test_it_is_gone_from_the_catalog_when_it_is_switched_off(node: PluggedGuest, consul: Consul) -> None:
    node.try_run("poweroff")
    consul.wait(lambda it: it.node("registered") is None, "the node is gone", 30)
    node.wait_for_power_off()
