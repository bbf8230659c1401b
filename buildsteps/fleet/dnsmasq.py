"""A configuration of dnsmasq: TFTP from the tree, and DHCP beside another server or in its place."""

import ipaddress
import pathlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    subnet: ipaddress.IPv4Network
    range: tuple[ipaddress.IPv4Address, ipaddress.IPv4Address] | None = None


_HEAD = """\
# Made by buildsteps/pxe. dnsmasq --conf-file={file}
# No DNS.
port=0
enable-tftp
tftp-root={root}
"""

_TFTP_ALONE = """\
# TFTP alone: have your DHCP server name this machine as "next server" and "boot.scr.uimg" as boot file. With [network] in
# fleet.toml dnsmasq does its part of DHCP, too.
"""

_DHCP = """\
log-dhcp
# The Raspberry Pi's own loader looks for this very text in option 43.
pxe-service=0,"Raspberry Pi Boot"
"""

_PROXY = """\
# Beside the DHCP server of this network: addresses come from there. That serves what speaks PXE (the Raspberry Pi's own
# loader, PCs). U-Boot as Debian builds it does not ask a proxy: have the other server name this machine as "next server"
# and "boot.scr.uimg" as boot file, or let dnsmasq give the addresses, by `range` in [network] of fleet.toml.
dhcp-range={subnet},proxy,{mask}
"""

_SERVER = """\
# The DHCP server of this network.
dhcp-range={first},{last},{mask},12h
dhcp-boot=boot.scr.uimg
"""


def configuration(network: Network | None, root: pathlib.Path, file: pathlib.Path) -> str:
    text = _HEAD.format(root=root, file=file)
    if network is None:
        return text + _TFTP_ALONE
    text += _DHCP
    mask = network.subnet.netmask
    if network.range is None:
        return text + _PROXY.format(subnet=network.subnet.network_address, mask=mask)
    return text + _SERVER.format(first=network.range[0], last=network.range[1], mask=mask)
