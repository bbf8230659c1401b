"""A DHCP server that a real one would never be: silent, brief, full of junk. Runs by itself in a network namespace:

    python3 dhcp_server.py BRIDGE MODE [SERVER ADDRESS LEASE-SECONDS]

Modes: silent (hears and says nothing), lease (a good answer), junk (packets that are none), absurd (answers that can't be),
refusing (offers, and then refuses). Prints a line for each request: seconds, kind, transaction.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time

COOKIE = bytes([99, 130, 83, 99])
DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7
KINDS = {DISCOVER: "discover", REQUEST: "request", RELEASE: "release"}
ABSURD = ["0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "240.0.0.1", "10.77.0.0"]


def option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


class Request:
    def __init__(self, packet: bytes) -> None:
        self.xid = packet[4:8]
        self.hardware = packet[28:44]
        self.kind = 0
        place = 240
        while place + 1 < len(packet) and packet[place] != 255:
            if packet[place] == 0:
                place += 1
                continue
            if packet[place] == 53:
                self.kind = packet[place + 2]
            place += 2 + packet[place + 1]

    def answer(self, address: str, options: bytes, xid: bytes = b"", padding: int = 0) -> bytes:
        header = struct.pack("!BBBB4sHH", 2, 1, 6, 0, xid or self.xid, 0, 0x8000)
        header += bytes(4) + socket.inet_aton(address) + bytes(8) + self.hardware + bytes(192)
        return header + COOKIE + options + bytes([255]) + bytes(padding)


def usual(kind: int, server: str, lease: int) -> bytes:
    return (option(53, bytes([kind])) + option(54, socket.inet_aton(server)) + option(51, struct.pack("!I", lease))
            + option(1, socket.inet_aton("255.255.255.0")) + option(3, socket.inet_aton(server)))  # fmt: skip


def answer_kind(request: Request) -> int:
    return OFFER if request.kind == DISCOVER else ACK


def junk(request: Request, server: str) -> list[bytes]:
    good = usual(answer_kind(request), server, 60)
    whole = request.answer("10.77.0.66", good)
    return [
        os.urandom(300), os.urandom(576), b"", b"\2", whole[:100], whole[:239], whole[:242],
        whole.replace(COOKIE, b"cook"),
        request.answer("10.77.0.66", good, xid=os.urandom(4)),
        request.answer("10.77.0.66", bytes([53])),
        request.answer("10.77.0.66", bytes([53, 0]) + bytes([54, 255]) + os.urandom(20)),
        request.answer("10.77.0.66", option(53, bytes([200])) + good[3:]),
        request.answer("10.77.0.66", option(53, bytes([DISCOVER])) + bytes([52, 1, 3])),  # overload into nothing
        request.answer("10.77.0.66", option(54, b"") + option(51, b"\1") + option(53, bytes([REQUEST]))),
        request.answer("10.77.0.66", good, xid=os.urandom(4), padding=8000),
        request.answer("10.77.0.66", os.urandom(1000)),
    ]  # fmt: skip


def absurd(request: Request, server: str, round_: int) -> list[bytes]:
    """A transaction keeps its address, so that the client takes it. The rest is nonsense that fits the form."""
    options = option(53, bytes([answer_kind(request)])) + option(54, socket.inet_aton(server))
    options += option(51, struct.pack("!I", 0xFFFFFFFF)) + option(1, socket.inet_aton("0.255.0.255"))
    options += option(15, b"lan\nnameserver 6.6.6.6\n$(reboot)`reboot`") + option(26, struct.pack("!H", 0))
    options += option(3, socket.inet_aton("255.255.255.255")) + option(42, os.urandom(40)) + option(6, os.urandom(60))
    options += option(12, b"../../evil;reboot") + option(56, b"\33[2J\33]0;evil\7")
    return [request.answer(ABSURD[round_ % len(ABSURD)], options)]


def answers(mode: str, request: Request, server: str, address: str, lease: int, round_: int) -> list[bytes]:
    if request.kind not in (DISCOVER, REQUEST) or mode == "silent":
        return []
    if mode == "junk":
        return junk(request, server)
    if mode == "absurd":
        return absurd(request, server, round_)
    if mode == "refusing" and request.kind == REQUEST:
        return [request.answer("0.0.0.0", option(53, bytes([NAK])) + option(54, socket.inet_aton(server)))]
    return [request.answer(address, usual(answer_kind(request), server, lease))]


def main(bridge: str, mode: str, server: str = "10.77.0.1", address: str = "10.77.0.50", lease: str = "60") -> None:
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bridge.encode())
    line.bind(("", 67))
    print("ready", flush=True)
    rounds: dict[bytes, int] = {}
    while True:
        request = Request(line.recv(9216))
        print(f"{time.monotonic():.2f} {KINDS.get(request.kind, request.kind)} {request.xid.hex()}", flush=True)
        round_ = rounds.setdefault(request.xid, len(rounds))
        for packet in answers(mode, request, server, address, int(lease), round_):
            line.sendto(packet, ("255.255.255.255", 68))


if __name__ == "__main__":
    main(*sys.argv[1:])
