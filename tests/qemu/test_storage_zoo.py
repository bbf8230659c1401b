"""Disks that may be a storage: every kind of disk, partition table and file system."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest

from support import disks
from support.guest import WORK, Disk, Guest
from support.machine import AARCH64
from support.time_server import TimeServer
from support.waiting import wait_for

USB = ["-device", "qemu-xhci"]
MARK = "kept across the power-off, 5b1c9e72"
BOINC = "100 100"


@dataclass(frozen=True)
class Attachment:
    """How QEMU attaches a disk, and what the kernel calls it."""

    name: str
    device: str = ""
    controller: str = ""

    def node(self, partition: int) -> str:
        return f"/dev/{self.name}" if partition == 0 else f"/dev/{self.name}{'p' if self.name[-1].isdigit() else ''}{partition}"


ATTACHMENTS = {
    "virtio": Attachment("vda", "virtio-blk-pci"),
    "SD": Attachment("mmcblk0", "sd-card", "sdhci-pci"),
    "NVMe": Attachment("nvme0n1", "nvme,serial=uebo"),
    "SCSI": Attachment("sda", "scsi-hd", "virtio-scsi-pci"),
    "USB after 5 s": Attachment("sda"),
}

LATE = 5  # seconds after the kernel's start

# Each attachment with two layouts and two file systems, each layout and each file system at least once: not the whole
# product.
PAIRS = [
    ("virtio", "whole disk", "ext4"),
    ("virtio", "MBR logical", "f2fs"),
    ("SD", "MBR primary", "f2fs"),
    ("SD", "GPT", "ext4"),
    ("NVMe", "GPT", "xfs"),
    ("NVMe", "whole disk", "btrfs"),
    ("SCSI", "GPT", "btrfs"),
    ("SCSI", "MBR logical", "xfs"),
    ("USB after 5 s", "MBR logical", "ext2"),
    ("USB after 5 s", "MBR primary", "vfat"),
]


@pytest.fixture
def boot(time_server: TimeServer) -> Iterator[Callable[..., Guest]]:
    guests: list[Guest] = []
    # BOINC waits 30 s for the time where no server tells it.
    ntp = "uebo.ntp=10.0.2.2 " if time_server.works else ""

    def start(name: str, *given: Disk, append: str = "", extra: list[str] | None = None, initramfs: Path | None = None) -> Guest:
        guest = Guest(f"zoo-{name}".replace(" ", "-"), append=ntp + append, disks=list(given), extra=extra or [], initramfs=initramfs)
        guests.append(guest)
        return guest.start()

    yield start
    for guest in guests:
        guest.destroy()


def log_of(guest: Guest) -> str:
    return guest.run("cat /var/log/storage/current")


def power_off(guest: Guest) -> None:
    guest.try_run("poweroff")
    guest.wait_for_power_off(100)


def plug_late(guest: Guest, file: Path, read_only: bool = False) -> None:
    """All drivers are loaded, and the node waits for nothing but a disk."""
    guest.wait_for_console("uebo: modules: ", 60)
    # The kernel's clock starts a second or so after QEMU's.
    wait_for(lambda: time.monotonic() >= guest.started + LATE + 2, "5 s of the kernel's time are over", LATE + 10, 0.1)
    guest.plug_usb_disk(file, "late", read_only)


def attached_at(guest: Guest) -> float:
    """Seconds of the kernel's time."""
    found = re.search(r"\[ *([0-9.]+)\] sd .* Attached SCSI", guest.run("dmesg"))
    assert found
    return float(found[1])


@pytest.mark.full
@pytest.mark.parametrize(("attachment", "layout", "kind"), PAIRS, ids=[", ".join(pair) for pair in PAIRS])
def test_boinc_runs_on_it_and_what_it_wrote_is_there_afterwards(
    boot: Callable[..., Guest], attachment: str, layout: str, kind: str
) -> None:
    where = ATTACHMENTS[attachment]
    file = disks.make_disk(WORK / "zoo.img", layout, kind)
    before = disks.partitions(file)[-1][0] if layout != "whole disk" else 0
    untouched = disks.digest(file, before)
    if where.device:
        guest = boot(attachment + layout + kind, Disk(file, where.device, where.controller))
    else:
        guest = boot(attachment + layout + kind, extra=USB)
        plug_late(guest, file)
    guest.wait_for_ssh()
    guest.wait_for_state("storage", "done", 30)
    assert where.device or attached_at(guest) >= LATE
    assert guest.storage_mount() == [where.node(disks.LAYOUTS[layout][1]), kind]
    guest.wait_for_state("boinc", "running", 120)
    wait_for(lambda: guest.try_run("test -s /storage/boinc/client_state.xml").returncode == 0, "BOINC has written its state", 60, 0.5)
    guest.run(f"echo '{MARK}' > /storage/mark")
    power_off(guest)
    assert disks.digest(file, before) == untouched, "the partition table and the other partition"
    part = disks.file_system_of(file, layout)
    checked = disks.check_file_system(part, kind)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert MARK.encode() in part.read_bytes()


def test_a_vfat_card_is_boincs_and_what_is_secret_on_it_is_not_seen_by_tasks(boot: Callable[..., Guest], helper: Path) -> None:
    """As people prepare a card on another system: MBR, FAT, and a label in capitals."""
    where = ATTACHMENTS["SD"]
    file = disks.make_file_system(WORK / "zoo-vfat.img", "vfat", label="STORAGE")
    initramfs = disks.extend_initramfs(AARCH64.initramfs, WORK / "zoo-vfat-initramfs.zst", {"test/inside": helper})
    guest = boot("vfat", Disk(file, where.device, where.controller), initramfs=initramfs)
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount() == ["/dev/mmcblk0", "vfat"]
    assert guest.run("stat -c '%U %a' /storage /storage/boinc /storage/dropbear/ed25519_hostkey").split("\n")[:3] == ["boinc 700"] * 3
    wait_for(lambda: guest.try_run("test -s /storage/gui_rpc_auth.cfg").returncode == 0, "the password is sealed", 60, 0.5)

    def as_task(command: str) -> subprocess.CompletedProcess[str]:
        return guest.try_run(f"/test/inside join {guest.status('boinc')['pid']} {BOINC} /bin/sh -c '{command}'")

    assert as_task("echo work > /var/lib/boinc-client/work; cat /var/lib/boinc-client/work").stdout == "work\n"
    for hidden in ("/storage/dropbear/ed25519_hostkey", "/storage/gui_rpc_auth.cfg", "/var/lib/boinc-client/gui_rpc_auth.cfg"):
        refused = as_task(f"cat {hidden}")
        assert refused.returncode == 1 and hidden in refused.stderr, f"{hidden}: {refused}"
    assert guest.run("ls /storage/boinc/work /storage/boinc/client_state.xml").split() != []
    key = guest.run("dropbearkey -y -f /storage/dropbear/ed25519_hostkey").splitlines()[1].split()[1]
    scan = subprocess.run(["ssh-keyscan", "-T", "30", "-t", "ed25519", "-p", str(guest.ports[22]), "127.0.0.1"],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert key in scan, "the key that is kept is the one that is shown"
    power_off(guest)
    assert disks.check_file_system(file, "vfat").returncode == 0
    assert subprocess.run(["mtype", "-i", str(file), "::/boinc/work"], capture_output=True, text=True, check=True).stdout == "work\n"


def lose_directory(file: Path, name: bytes) -> None:
    """As a power cut between two writes leaves it: the directory's cluster is free in both tables."""
    content = bytearray(file.read_bytes())
    entry = content.index(name.ljust(11))
    cluster = int.from_bytes(content[entry + 20 : entry + 22], "little") << 16 | int.from_bytes(content[entry + 26 : entry + 28], "little")
    reserved, size = int.from_bytes(content[14:16], "little") * 512, int.from_bytes(content[36:40], "little") * 512
    for table in (reserved, reserved + size):
        content[table + 4 * cluster : table + 4 * cluster + 4] = bytes(4)
    file.write_bytes(content)


@pytest.mark.full
def test_a_vfat_that_a_power_cut_has_damaged_is_mended_first(boot: Callable[..., Guest]) -> None:
    file = disks.make_file_system(WORK / "zoo-cut.img", "vfat")
    subprocess.run(["mmd", "-i", str(file), "::/boinc", "::/boinc/notices"], check=True)
    lose_directory(file, b"NOTICES")
    assert disks.check_file_system(file, "vfat").returncode == 1, "it is damaged"
    guest = boot("cut", Disk(file))
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    assert "fsck.fat corrected errors on /dev/vda" in log_of(guest)
    power_off(guest)
    assert disks.check_file_system(file, "vfat").returncode == 0


# --- more than one disk


@pytest.mark.full
def test_of_two_labels_alike_the_lowest_uuid_is_taken_and_the_other_left_alone(boot: Callable[..., Guest]) -> None:
    high = disks.make_ext4(WORK / "zoo-high.img", uuid="99999999-9999-4999-8999-999999999999")
    low = disks.make_file_system(WORK / "zoo-low.img", "btrfs", options=["-U", "11111111-1111-4111-8111-111111111111"])
    before = disks.digest(high)
    guest = boot("alike", Disk(high), Disk(low))
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount() == ["/dev/vdb", "btrfs"]
    assert "/dev/vdb, /dev/vda are labelled `storage`; that with the lowest UUID is tried first" in log_of(guest)
    power_off(guest)
    assert disks.digest(high) == before


@pytest.mark.full
def test_a_label_in_another_case_is_named_and_left_alone_but_on_a_vfat_it_counts(boot: Callable[..., Guest]) -> None:
    other = disks.make_file_system(WORK / "zoo-case.img", "ext4", label="Storage")
    stick = disks.make_file_system(WORK / "zoo-case-vfat.img", "vfat", label="STORAGE")
    before = disks.digest(other)
    guest = boot("case", Disk(other), append="uebo.storage.wait=2s", extra=USB)
    guest.wait_for_ssh()
    assert guest.storage_mount() == []
    assert "/dev/vda is labelled `Storage`, which is not `storage`" in guest.status("storage")["detail"]
    guest.plug_usb_disk(stick)
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount() == ["/dev/sda", "vfat"]
    power_off(guest)
    assert disks.digest(other) == before


def make_encrypted(file: Path) -> Path:
    """LUKS has labels, too."""
    file.unlink(missing_ok=True)
    file.touch()
    file.chmod(0o600)
    subprocess.run(["truncate", "-s", "64M", str(file)], check=True)
    quick = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]
    subprocess.run(["cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--label", "storage", *quick, str(file), "-"],
                   input=b"passphrase", check=True, capture_output=True)  # fmt: skip
    return file


@pytest.mark.full
def test_an_encrypted_disk_beside_the_good_one_is_left_alone(boot: Callable[..., Guest]) -> None:
    encrypted = make_encrypted(WORK / "zoo-luks.img")
    good = disks.make_ext4(WORK / "zoo-good.img")
    before = disks.digest(encrypted)
    guest = boot("luks", Disk(encrypted), Disk(good))
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount() == ["/dev/vdb", "ext4"]
    assert "/dev/vda is labelled `storage` but is encrypted (crypto_LUKS)" in log_of(guest)
    power_off(guest)
    assert disks.digest(encrypted) == before


UNREADABLE = (
    "driver=blkdebug,node-name=unreadable,image.driver=raw,image.file.driver=file,image.file.filename={file},"
    "inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.errno=5"
)


@pytest.mark.full
def test_damaged_disks_beside_the_good_one_do_not_keep_boinc_from_it(boot: Callable[..., Guest]) -> None:
    """One that can't be read, one full of noise, and one with the label and the lowest UUID that e2fsck can't mend."""
    unreadable = disks.make_ext4(WORK / "zoo-unreadable.img")
    noise = WORK / "zoo-noise.img"
    noise.write_bytes(bytes(range(256)) * 4096 * 16)
    broken = disks.make_ext4(WORK / "zoo-broken.img", uuid="11111111-1111-4111-8111-111111111111")
    # The root directory is no directory any more.
    disks.debugfs(broken, "sif <2> mode 0100644", "ssv state 2")
    good = disks.make_ext4(WORK / "zoo-good.img", uuid="99999999-9999-4999-8999-999999999999")
    before = [disks.digest(file) for file in (unreadable, noise)]
    extra = ["-blockdev", UNREADABLE.format(file=unreadable), "-device", "virtio-blk-pci,drive=unreadable"]
    guest = boot("damaged", Disk(noise), Disk(broken), Disk(good), extra=extra)
    guest.wait_for_ssh()
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount() == ["/dev/vdc", "ext4"]
    log = log_of(guest)
    assert "e2fsck /dev/vdb: it found errors that need a decision, so it is not mounted" in log
    assert "probe /dev/vdd: Input/output error" in log
    assert guest.console_lines("storage: warning: /dev/vdc is used in place of /dev/vdb, which could not be mounted")
    power_off(guest)
    assert [disks.digest(file) for file in (unreadable, noise)] == before
    assert disks.check(good).returncode == 0


# --- write-protected


@pytest.mark.full
def test_a_write_protected_disk_is_one_line_until_it_comes_back_writable(boot: Callable[..., Guest]) -> None:
    file = disks.make_ext4(WORK / "zoo-protected.img")
    guest = boot("protected", extra=USB)
    plug_late(guest, file, read_only=True)
    guest.wait_for_ssh()
    wait_for(lambda: "write-protected" in guest.status("storage").get("detail", ""), "status says so", 30, 0.5)
    assert "storage" in guest.status("boinc")["waits_for"] and guest.storage_mount() == []
    assert "storage" not in guest.conditions()
    assert guest.state("node_exporter") == "ready"
    assert len(guest.console_lines("/dev/sda is labelled `storage` but is write-protected")) == 1
    guest.pull_usb_disk()
    guest.plug_usb_disk(file, "writable")
    guest.wait_for_state("boinc", "running", 120)
    assert guest.storage_mount()[1] == "ext4"
