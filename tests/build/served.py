#!/usr/bin/python3
"""In a network namespace of its own: dnsmasq with the configuration of a tree, and a board that asks it.

usage: unshare --net tests/build/served.py CONFIGURATION LEASES FILE...

Prints JSON: what the server offered to a Raspberry Pi's own loader and to U-Boot, and the SHA256 of each FILE that TFTP gave
(null: nothing).
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import subprocess
import sys
from typing import Any

from support.waiting import wait_for

SERVER, BOARD = "server0", "board0"
ADDRESS = "10.0.0.1"
MAC = bytes.fromhex("020000000001")
_MAGIC = bytes.fromhex("63825363")
_TRANSACTION = 0x07E80
_PXE_CLIENT = b"PXEClient:Arch:00000:UNDI:002001"
_UBOOT = b"U-Boot.armv8"


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def links() -> None:
    """A board's link, and the server's with its address."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", SERVER, "type", "veth", "peer", "name", BOARD)
    run("ip", "address", "add", f"{ADDRESS}/24", "dev", SERVER)
    for link in (SERVER, BOARD):
        run("ip", "link", "set", link, "up")


def checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def discover(vendor_class: bytes) -> bytes:
    """A DHCPDISCOVER that wants its answer by broadcast, in UDP in IP (a UDP checksum of 0 is none)."""
    # RFC 2132 and 4578: the message's type, the class, a PXE client's architecture and identifier, what is asked for
    wanted = bytes([53, 1, 1, 60, len(vendor_class)]) + vendor_class + bytes([93, 2, 0, 0, 94, 3, 1, 2, 1, 55, 4, 43, 60, 66, 67, 255])
    message = struct.pack(">BBBBIHH16x16s64x128x", 1, 1, 6, 0, _TRANSACTION, 0, 0x8000, MAC) + _MAGIC + wanted
    datagram = struct.pack(">HHHH", 68, 67, 8 + len(message), 0) + message
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + datagram


def offer(vendor_class: bytes) -> dict[str, Any] | None:
    """What the server answers within a second."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as link:
        link.bind((BOARD, 0x0800))
        link.settimeout(1)
        link.sendto(discover(vendor_class), (BOARD, 0x0800, 0, 0, b"\xff" * 6))
        try:
            while True:
                if found := parsed(link.recv(2048)):
                    return found
        except TimeoutError:
            return None


def parsed(packet: bytes) -> dict[str, Any] | None:
    message = packet[28:]
    if len(message) < 240 or message[0] != 2 or struct.unpack_from(">I", message, 4)[0] != _TRANSACTION:
        return None
    given = options(message[240:])
    return {
        "address": socket.inet_ntoa(message[16:20]),
        "next-server": socket.inet_ntoa(message[20:24]),
        "boot-file": given.get(67, message[108:236].decode("latin-1")).rstrip("\0"),
        "class": given.get(60),
        "vendor": given.get(43, ""),
    }


def options(data: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]].decode("latin-1")
        at += 2 + data[at + 1]
    return found


def tftp(name: str) -> str | None:
    got = subprocess.run(["curl", "--silent", "--max-time", "20", f"tftp://{ADDRESS}/{name}"], capture_output=True)
    return hashlib.sha256(got.stdout).hexdigest() if got.returncode == 0 else None


def main() -> None:
    configuration, leases, *files = sys.argv[1:]
    links()
    server = subprocess.Popen(["/usr/sbin/dnsmasq", "--keep-in-foreground", "--user=root", f"--conf-file={configuration}", "--pid-file",
                               f"--dhcp-leasefile={leases}"], stdout=sys.stderr)  # fmt: skip
    try:
        pi = wait_for(lambda: offer(_PXE_CLIENT), "dnsmasq answers a PXE client", 20)
        print(json.dumps({"raspberry-pi": pi, "u-boot": offer(_UBOOT), "files": {name: tftp(name) for name in files}}))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
