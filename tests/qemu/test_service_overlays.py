"""What lies in /storage/services counts from the moment at which the storage is mounted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import disks
from support.guest import WORK, Disk, Guest
from support.waiting import wait_for

OVERLAYS = {
    "node_exporter.json": {"enabled": False},
    "boinc_exporter.json": {"environment": {"OVERLAY": "of this board"}},
    "dropbear.json": {"nice": 99},
    "mine.json": {"description": "mine", "command": ["/usr/bin/sleep", "100000"]},
    "boinc.json": {"user": "root"},  # by somebody else
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    content: Path = tmp_path_factory.mktemp("overlays")
    content.chmod(0o755)
    services = content / "services"
    services.mkdir()
    for name, overlay in OVERLAYS.items():
        (services / name).write_text(json.dumps(overlay))
    (services / "boinc.json").chmod(0o666)
    guest = Guest("overlays", disks=[Disk(disks.make_ext4(WORK / "overlays.img", content))]).start()
    guest.wait_for_ssh()
    guest.wait_for_storage()
    yield guest
    guest.destroy()


def test_an_overlay_disables_adds_and_changes(guest: Guest) -> None:
    guest.wait_for_state("mine", "running")
    status = guest.status("node_exporter")
    assert status["state"] == "stopped" and status["enabled"] is False
    guest.wait_for_state("boinc_exporter", "ready")
    environment = guest.run(f"cat /proc/{guest.status('boinc_exporter')['pid']}/environ").split("\0")
    assert "OVERLAY=of this board" in environment


def test_a_bad_one_is_told_and_one_of_somebody_else_refused(guest: Guest) -> None:
    assert guest.console_lines("/storage/services/dropbear.json:1: nice: 99: expected a whole number from -20 to 19")
    assert guest.console_lines("trust /storage/services/boinc.json: Operation not permitted (others may write to it)")
    assert "/storage/services/" in guest.status("storage")["detail"]
    assert guest.run("ls /run/uebo/services").split() == sorted(set(OVERLAYS) - {"boinc.json"})


def test_reload_brings_what_has_changed_there(guest: Guest) -> None:
    guest.run("rm /storage/services/mine.json /storage/services/dropbear.json /storage/services/boinc.json")
    guest.run("echo '{\"enabled\": true}' > /storage/services/node_exporter.json")
    plan = guest.run("uebo reload --dry-run")
    assert "mine" in plan and "removed: stops" in plan
    assert guest.state("node_exporter") == "stopped"
    guest.run("uebo reload")
    guest.wait_for_state("node_exporter", "running")
    wait_for(lambda: guest.try_run("status mine").returncode == 4, "what has no file is forgotten")
    assert "/storage/services/" not in str(guest.status("storage").get("detail"))
