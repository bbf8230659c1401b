"""An emulated board whose network cards are plugged into bridges of a network of the tests' own (support/network.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from support.guest import Guest
from support.network import Bridge, Network


@dataclass(eq=False)
class PluggedGuest(Guest):
    """`bridges`: one network card each, named net0, net1, ... to QEMU's monitor. `address` is where ssh finds it."""

    lan: Network | None = None
    bridges: list[Bridge] = field(default_factory=list)
    address: str = ""
    macs: tuple[str, ...] = ()  # of its cards, where they are not the usual ones

    def command(self) -> list[str]:
        assert self.lan
        return self.lan.inside(*super().command())

    def _network(self) -> list[str]:
        words: list[str] = []
        for number, bridge in enumerate(self.bridges):
            mac = self.macs[number] if self.macs else self.mac(number)
            words += ["-netdev", f"tap,id=tap{number},ifname={bridge.port()},script=no,downscript=no"]
            words += ["-device", f"{self.machine.nic},id=net{number},netdev=tap{number},mac={mac}"]
        return words

    @staticmethod
    def mac(number: int) -> str:
        return f"52:54:00:12:34:{0x56 + number:02x}"

    def _ssh_base(self) -> list[str]:
        assert self.lan and self.address, f"{self.name} has no address for ssh yet"
        options = [f"HostName={self.address}" if word.startswith("HostName=") else word for word in self._ssh_options()]
        return self.lan.inside("ssh", "-F", "none", *options)

    def move_to(self, address: str) -> None:
        """ssh goes there from now on."""
        if self.address:
            self.drop_ssh()
        self.address = address

    def set_carrier(self, up: bool, card: int = 0) -> None:
        self.monitor("set_link", name=f"net{card}", up=up)
