"""A switch with one trunk port, in user space: the machine's kernel need not know 802.1Q. Runs by itself in a namespace:

    python3 vlan_switch.py PORT-OF-THE-SWITCH PORT-OF-QEMU PLAIN-TAP VLAN TAGGED-TAP

The trunk is QEMU's `-netdev dgram`: each UDP datagram is a frame. Frames with the tag of VLAN come out of TAGGED-TAP without
it, those without a tag out of PLAIN-TAP, and the same the other way; all else is dropped.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x1002
TAG = b"\x81\x00"


def open_tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP_NO_PI))
    return tap


def main(own_port: str, qemu_port: str, plain_name: str, vlan: str, tagged_name: str) -> None:
    trunk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    trunk.bind(("127.0.0.1", int(own_port)))
    qemu = ("127.0.0.1", int(qemu_port))
    plain, tagged = open_tap(plain_name), open_tap(tagged_name)
    print("ready", flush=True)
    while True:
        for source in select.select([trunk, plain, tagged], [], [])[0]:
            if source is trunk:
                frame = trunk.recv(65536)
                if frame[12:14] != TAG:
                    os.write(plain, frame)
                elif struct.unpack("!H", frame[14:16])[0] & 0xFFF == int(vlan):
                    os.write(tagged, frame[:12] + frame[16:])
                continue
            frame = os.read(source, 65536)
            if source == tagged:
                frame = frame[:12] + TAG + struct.pack("!H", int(vlan)) + frame[12:]
            trunk.sendto(frame, qemu)


if __name__ == "__main__":
    main(*sys.argv[1:])
