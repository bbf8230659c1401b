"""Stand-ins for libraries: for whom they are."""

from __future__ import annotations

from pathlib import Path

from image import stand_ins


def test_a_stand_in_is_for_those_that_it_names_alone() -> None:
    users = [Path("usr/sbin/lldpd"), Path("usr/lib/libpcap.so.1.10.5"), Path("usr/bin/snmpd")]
    assert stand_ins.strangers(users, ["lldpd", "libpcap"]) == [Path("usr/bin/snmpd")]
    assert stand_ins.strangers(users[:2], ["lldpd", "libpcap"]) == []
    assert stand_ins.strangers(users, []) == users
