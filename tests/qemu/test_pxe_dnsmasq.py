"""A rack's own server: dnsmasq with the configuration that buildsteps/pxe writes gives U-Boot address, script and all files."""

from __future__ import annotations

import re
import subprocess

import pytest

from conftest import PASSWORD
from support import disks
from support.guest import WORK, Disk
from support.loaders import bookworms_uboot
from support.machine import AARCH64, IMAGES, ROOT, PoweredOn
from support.network import Network
from support.plugged_guest import PluggedGuest
from support.waiting import wait_for

pytestmark = pytest.mark.full

FLEET = f"""\
[network]
subnet = "10.0.0.0/24"
range = ["10.0.0.100", "10.0.0.200"]

[defaults]
uebo.boinc.password = "{PASSWORD}"
append = "panic=30"

[[node]]
name = "rack-07"
board = "qemu-virt-aarch64"
macs = ["{PluggedGuest.mac(0)}"]
"""


def test_uboot_boots_from_dnsmasq_as_it_was_configured() -> None:
    file, tree = WORK / "dnsmasq.toml", WORK / "dnsmasq/tftproot"
    file.write_text(FLEET)
    subprocess.run([str(ROOT / "buildsteps/pxe"), "--fleet", str(file), "--images", str(IMAGES), "--output", str(tree)], check=True)
    board = PoweredOn("virt by U-Boot", AARCH64, "qemu-system-aarch64", ["-M", "virt", "-cpu", "cortex-a53", "-bios", str(bookworms_uboot())],
                      nic="e1000", memory=1024)  # fmt: skip
    with Network(WORK / "dnsmasq-lan") as lan:
        bridge = lan.bridge("10.0.0.1/24")
        dnsmasq = lan.start("rack", "dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={tree.parent}/dnsmasq.conf",
                            f"--dhcp-leasefile={tree.parent}/leases", "--pid-file=")  # fmt: skip
        guest = PluggedGuest("pxe-dnsmasq", machine=board, disks=[Disk(disks.make_ext4(WORK / "dnsmasq.img"))], network="none", lan=lan,
                             bridges=[bridge], address="10.0.0.100")  # fmt: skip
        try:
            guest.start()
            guest.wait_for_console("dropbear: running", 240)
            assert dnsmasq.works and "tftproot/aarch64/initramfs.zst to 10.0.0." in dnsmasq.text
            # The first lease was U-Boot's, the second is Linux's; they need not be the same.
            leases = wait_for(lambda: found[1:] if (found := re.findall(r"DHCPACK\(br0\) (\S+)", dnsmasq.text)) else [], "the node has a lease")
            guest.move_to(leases[-1])
            guest.wait_for_ssh()
            guest.wait_for_name("rack-07")
            guest.wait_for_state("boinc", "running", 120)
        finally:
            guest.destroy()
