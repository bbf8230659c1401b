"""32-bit ARM work on a 64-bit board: BOINC is told of the platform where a program of it really runs, and only there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from conftest import FIRST_BOOT_DEADLINE, PASSWORD, MemoryProbe
from support import disks
from support.guest import WORK, Disk, Guest
from support.machine import AARCH64, AARCH64_ARMHF, VIRT_AARCH64_ARMHF, WITHOUT_32_BIT, Machine
from support.waiting import wait_for

pytestmark = pytest.mark.full

OWN, ARM = "aarch64-unknown-linux-gnu", "arm-unknown-linux-gnueabihf"
CHECK = "/usr/lib/uebo/armhf-check"
NO_TASKS = "no tasks for 32-bit ARM"
MEBI = 1 << 20
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def node() -> Iterator[Guest]:
    guest = boot("arm-work", VIRT_AARCH64_ARMHF)
    try:
        yield guest
    finally:
        guest.destroy()


def boot(name: str, machine: Machine) -> Guest:
    arguments = f"uebo.hostname={name} uebo.boinc.password={PASSWORD} uebo.boinc.remote_hosts=10.0.2.2"
    guest = Guest(name, append=arguments, disks=[Disk(disks.make_ext4(WORK / f"{name}.img"))], machine=machine).start()
    try:
        guest.wait_for_ssh(FIRST_BOOT_DEADLINE)
    except BaseException:
        guest.destroy()
        raise
    return guest


def test_a_32_bit_program_runs_as_boincs_tasks_do(node: Guest) -> None:
    node.run(f"su -s /bin/sh boinc -c {CHECK}")


def test_the_client_reports_both_platforms(node: Guest) -> None:
    assert node.boinc_platforms(PASSWORD) == {OWN, ARM}
    assert not node.console_lines(NO_TASKS)


def test_without_a_library_it_reports_one_and_one_line_of_the_boot_log_says_why(node: Guest) -> None:
    library = "/usr/lib/arm-linux-gnueabihf/libatomic.so.1"
    node.run(f"mount --bind /dev/null $(readlink -f {library}) && restart boinc")
    try:
        node.wait_for_console(NO_TASKS)
        assert node.boinc_platforms(PASSWORD) == {OWN}
        lines = node.console_lines(NO_TASKS)
        assert len(lines) == 1 and "uebo: boinc: " in lines[0] and "a 32-bit library is missing" in lines[0], lines
    finally:
        node.run(f"umount $(readlink -f {library})")
    node.run("restart boinc")
    assert node.boinc_platforms(PASSWORD) == {OWN, ARM}


def test_a_processor_without_a_32_bit_mode_reports_one_and_one_line_of_the_boot_log_says_why() -> None:
    guest = boot("arm-none", WITHOUT_32_BIT)
    try:
        assert guest.boinc_platforms(PASSWORD) == {OWN}
        lines = guest.console_lines(NO_TASKS)
        assert len(lines) == 1 and "this kernel or processor runs no 32-bit programs" in lines[0], lines
        refused = guest.try_run(CHECK)
        # busybox takes what the kernel refuses (ENOEXEC) for a script.
        assert refused.returncode == 2 and f"{CHECK}: line 1: syntax error" in refused.stderr, refused
    finally:
        guest.destroy()


def test_the_plain_image_reports_one_and_says_nothing(clean: Guest) -> None:
    assert clean.boinc_platforms(PASSWORD) == {OWN}
    assert NO_TASKS not in clean.console + clean.run("logs boinc")


def test_its_size_and_its_memory(node: Guest, record_property: Record) -> None:
    size, plain = (image.initramfs.stat().st_size for image in (AARCH64_ARMHF, AARCH64))
    record_property("initramfs of aarch64+armhf, MB", f"{size / 1e6:.1f} (aarch64: {plain / 1e6:.1f})")
    assert size <= 26_000_000
    probe = MemoryProbe(node)
    probe.start()
    probe.join(timeout=FIRST_BOOT_DEADLINE + 120)
    used = (probe.metrics["node_memory_MemTotal_bytes"] - probe.metrics["node_memory_MemAvailable_bytes"]) / MEBI
    record_property("memory used, aarch64+armhf, MiB", round(used, 1))
    assert used <= 72, "the libraries of armhf lie in the compressed /usr, and none of them is in use"


def test_the_manifest_names_the_packages_of_both_architectures() -> None:
    manifest = json.loads((AARCH64_ARMHF.folder / "manifest.json").read_text())
    assert (manifest["platform"], manifest["architecture"]) == ("aarch64+armhf", "aarch64")
    for name in ("libc6", "libgcc-s1", "libstdc++6", "libatomic1"):
        found = {p["architecture"]: p for p in manifest["packages"] if p["name"] == name}
        assert set(found) == {"arm64", "armhf"}, name
        assert found["armhf"]["licence"] and found["armhf"]["version"] == found["arm64"]["version"]
