"""A node with everything odd about it: /storage as the shell system wrote it, a clock of 2011, no time server, a second
disk with the label, a misspelt argument, a bad value, and a broken service file."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import PASSWORD
from support import disks
from support.guest import WORK, Disk, Guest
from support.machine import AARCH64
from support.waiting import wait_for

NEXT_YEAR = time.gmtime().tm_year + 1


def dropbear_key(directory: Path) -> tuple[bytes, str]:
    """An ed25519 key in dropbear's own form, and its public half."""
    file = directory / "hostkey"
    for stale in (file, file.with_suffix(".pub")):
        stale.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    public = file.with_suffix(".pub").read_text().split()[1]
    lines = file.read_text().splitlines()
    raw = base64.b64decode("".join(lines[1:-1]))
    # The private section repeats the public key; 64 bytes of seed and public key follow it (PROTOCOL.key).
    own = base64.b64decode(public)[-32:]
    place = raw.rindex(own, 0, raw.rindex(own))
    seed = raw[place + 32 + 4 : place + 32 + 4 + 32]
    kind = b"ssh-ed25519"
    return struct.pack(">I", len(kind)) + kind + struct.pack(">I", 64) + seed + own, public


@pytest.fixture(scope="module")
def host_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    return dropbear_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def odd(helper: Path, usr_with_a_broken_service: Path, host_key: tuple[bytes, str]) -> Iterator[Guest]:
    content = WORK / "old-storage"
    shutil.rmtree(content, ignore_errors=True)
    for directory in ("dropbear", "boinc"):
        (content / directory).mkdir(parents=True)
    (content / "hostname").write_text("oldnode\n")
    # date +"%Y-%M-%d %T": the minutes stand where the month should.
    (content / "lastdate").write_text(f"{NEXT_YEAR}-05-10 11:05:30\n")
    (content / "modules").write_text("# of the old system\nveth\nno_such_module\n")
    (content / "dropbear/ed25519_hostkey").write_bytes(host_key[0])
    (content / "boinc/gui_rpc_auth.cfg").write_text("an old password\n")
    (content / "boinc/work").write_text("half done\n")
    first = disks.make_ext4(WORK / "odd-first.img", content, uuid="11111111-1111-4111-8111-111111111111")
    second = disks.make_ext4(WORK / "odd-second.img", uuid="99999999-9999-4999-8999-999999999999")
    initramfs = disks.extend_initramfs(AARCH64.initramfs, WORK / "odd-initramfs.zst",
                                       {"usr.img": usr_with_a_broken_service, "test/inside": helper})  # fmt: skip
    arguments = f"uebo.hostname=newname uebo.hostnmae=typo uebo.storage.wait=soon uebo.boinc.password={PASSWORD} uebo.boinc.remote_hosts=10.0.2.2"
    guest = Guest("odd", append=arguments, disks=[Disk(second), Disk(first)], initramfs=initramfs,
                  extra=["-rtc", "base=2011-01-01T00:00:00"]).start()  # fmt: skip
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def test_an_unknown_argument_costs_one_line(odd: Guest) -> None:
    lines = odd.console.split("Run /init", 1)[1].splitlines()
    about = [line for line in lines if "uebo.hostnmae" in line]
    assert len(about) == 1 and "uebo.hostname" in about[0]


def test_a_bad_value_costs_one_line(odd: Guest) -> None:
    lines = odd.console.split("Run /init", 1)[1].splitlines()
    about = [line for line in lines if "uebo.storage.wait" in line]
    assert len(about) == 1 and "soon" in about[0]


def test_a_broken_service_file_costs_one_line(odd: Guest) -> None:
    assert len(odd.console_lines("broken.json")) == 1
    assert odd.try_run("status broken").returncode == 4


def test_of_two_disks_that_with_the_lowest_uuid_is_taken_with_a_warning(odd: Guest) -> None:
    mounted = odd.run("grep ' /storage ' /proc/mounts").split()[0]
    assert 'UUID="11111111-1111-4111-8111-111111111111"' in odd.run(f"blkid {mounted}")
    warnings = [line for line in odd.run("cat /var/log/storage/current").splitlines() if "warning" in line]
    assert any("vda" in line and "vdb" in line for line in warnings), warnings


def test_the_old_host_name_wins(odd: Guest) -> None:
    assert odd.run("hostname").strip() == "oldnode"


def test_the_clock_goes_on_from_the_old_lastdate(odd: Guest) -> None:
    # January: a floor must not run ahead, and the month is not known.
    assert odd.run("date -u +'%Y-%m-%d'").strip() in (f"{NEXT_YEAR}-01-10", f"{NEXT_YEAR}-01-11")


def test_the_old_modules_are_loaded_and_a_missing_one_is_a_line(odd: Guest) -> None:
    assert "veth" in odd.run("lsmod")
    assert "no_such_module" in odd.run("cat /var/log/storage-modules/current")


def test_the_old_host_key_is_shown(odd: Guest, host_key: tuple[bytes, str]) -> None:
    scan = subprocess.run(["ssh-keyscan", "-T", "30", "-t", "ed25519", "-p", str(odd.ports[22]), "127.0.0.1"],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert host_key[1] in scan


def test_the_clock_is_assumed_where_no_time_server_answers(odd: Guest) -> None:
    def assumed() -> bool:
        return any("assumed" in detail for detail in odd.conditions().get("clock", {}).values())

    wait_for(assumed, "the clock is assumed", 90, 1)


def test_boinc_goes_on_with_the_old_data(odd: Guest) -> None:
    odd.wait_for_state("boinc", "running", 90)
    wait_for(lambda: odd.boinccmd("--get_state", password=PASSWORD).returncode == 0, "the new password holds", 60, 1)
    assert odd.boinccmd("--get_state", password="an old password").returncode != 0
    assert odd.run("cat /storage/boinc/work; stat -c %U /storage/boinc/work").split() == ["half", "done", "boinc"]


PLACES = "/proc /sys /run /storage /var /etc /tmp /dev /root /proc/1/root/run"


def test_the_search_finds_the_password_as_root(odd: Guest) -> None:
    """The control: whoever may see it finds it in this way."""
    found = odd.try_run(f"/test/inside seek {PLACES}", timeout=180, given=PASSWORD).stdout
    assert "found in /run/uebo/cmdline" in found, found
    assert "found in /storage/boinc/gui_rpc_auth.cfg" in found, found
    assert "memory can be read: /proc/1/mem" in found, found


def test_the_password_is_nowhere_in_a_tasks_place(odd: Guest) -> None:
    odd.wait_for_state("boinc", "running", 90)
    wait_for(lambda: odd.run("stat -c %U /storage/boinc/gui_rpc_auth.cfg").strip() == "root", "the password file is sealed", 60, 1)
    pid = odd.status("boinc")["pid"]
    # A task runs in the client's namespaces, as the client's user.
    result = odd.try_run(f"/test/inside join {pid} 100 100 /test/inside seek {PLACES} /var/lib/boinc-client", timeout=180,
                         given=PASSWORD)  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert int(lines[-1].split()[0]) > 1000, "it did look"
    assert lines[:-1] == []


def test_a_task_can_read_what_it_needs(odd: Guest) -> None:
    pid = odd.status("boinc")["pid"]
    join = f"/test/inside join {pid} 100 100 /bin/sh -c"
    assert odd.run(f"{join} 'cat /var/lib/boinc-client/work'").strip() == "half done"
    assert odd.try_run(f"{join} 'echo x > /usr/x'").returncode != 0
    assert odd.try_run(f"{join} 'ls /run/uebo/control && uebo status'").returncode != 0
