"""What a node is abused with: services with every bad habit, laid over its image, and what is looked at in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import disks
from support.guest import WORK, Guest
from support.machine import AARCH64

BACKOFF = "200ms"
BOMB = 64  # processes
GROUPS = "/sys/fs/cgroup/uebo"
MISBEHAVE = "/test/misbehave"
STORM = "/test/kill_storm"
VICTIMS = "/run/storm-victims"
SERVICES = "lib/uebo/services"

Json = dict[str, Any]


def _misbehaving(*habits: str, **keys: Any) -> Json:
    return {"description": "a test's", "command": [MISBEHAVE, *habits], "enabled": False, "stop": {"timeout": "1s"}, **keys}


def misbehaving_services() -> dict[str, Json]:
    return {
        "bomb": _misbehaving("bomb", pids_max=BOMB),
        "glutton": _misbehaving("eat=64", memory_max="16M", restart="never"),
        "hog": _misbehaving(*["eat=150"] * 6, restart="never"),
        "deaf": _misbehaving("ignore=TERM", "wait"),
        "messy": _misbehaving("lock=/run/messy-lock", "descendant", "descendant", "until-file=/run/messy-go", "exit=1",
                              longest_backoff=BACKOFF),
        "flood": _misbehaving("torrent=50"),
        "patient": _misbehaving("wait", longest_backoff="10s"),
    }  # fmt: skip


def storm_of(kills: int, down: int, seed: int) -> Json:
    """A job, so that it outlives every ssh session."""
    return {"description": "a test's", "command": [STORM, GROUPS, VICTIMS, str(kills), str(down), str(seed)], "type": "job",
            "enabled": False, "restart": "never", "deadline": "15m"}  # fmt: skip


def image(programs: dict[str, Path], storm: Json) -> Path:
    """The initramfs with the test's services; in those of the image, the delay before a restart has another bound."""
    usr = AARCH64.folder / "parts/root/usr"
    services: dict[str, Json] = {**misbehaving_services(), "storm": storm}
    for file in sorted((usr / SERVICES).glob("*.json")):
        if file.name != "schema.json":
            services[file.stem] = json.loads(file.read_text()) | {"longest_backoff": BACKOFF}
    packed = disks.pack_usr(usr, WORK / "abused-usr.img",
                            {f"{SERVICES}/{name}.json": json.dumps(service) for name, service in services.items()})  # fmt: skip
    files = {"usr.img": packed} | {f"test/{name}": program for name, program in programs.items()}
    return disks.extend_initramfs(AARCH64.initramfs, WORK / "abused-initramfs.zst", files)


# --- PID 1


@dataclass(frozen=True)
class Pid1:
    anonymous: int  # kB
    descriptors: int


def pid1(guest: Guest) -> Pid1:
    # smaps_rollup counts pages. What status says is kept apart for each processor, and up to 128 kB off.
    words = guest.run("grep ^Anonymous: /proc/1/smaps_rollup; ls /proc/1/fd | wc -l").split()
    return Pid1(anonymous=int(words[1]), descriptors=int(words[3]))


def uptime(guest: Guest) -> float:
    return float(guest.run("cat /proc/uptime").split()[0])


def round_trips(guest: Guest, count: int = 10) -> list[float]:
    """Seconds that the control command took, each time, as the guest's own clock counts from its boot."""
    clock = "read now rest </proc/uptime; echo $now"
    said = guest.run(f"for i in $(seq {count}); do {clock}; uebo status getty@ttyAMA0 >/dev/null || exit; {clock}; done", 120).split()
    times = [float(word) for word in said]
    return [after - before for before, after in zip(times[::2], times[1::2], strict=True)]


# --- groups


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: str  # "/uebo/boinc"


def processes(guest: Guest) -> dict[int, Process]:
    """Without those of the kernel. One that came or went while they were listed is not there."""
    said = guest.run("cd /proc; grep -s ^PPid: [0-9]*/status; grep -s ^0:: [0-9]*/cgroup")
    parents: dict[int, int] = {}
    groups: dict[int, str] = {}
    for line in said.splitlines():
        pid, _, rest = line.partition("/")
        kind, _, value = rest.partition(":")
        if kind == "status":
            parents[int(pid)] = int(value.split()[1])
        else:
            groups[int(pid)] = value.removeprefix("0::")
    kthreadd = 2
    return {pid: Process(pid, parents[pid], group) for pid, group in groups.items()
            if pid in parents and kthreadd not in (pid, parents[pid])}  # fmt: skip


def leftovers(guest: Guest) -> list[str]:
    """What is in a group that should not be: processes that no main process of a unit has begotten, and groups of nobody."""
    units = {unit["name"]: unit for unit in guest.status()["units"]}
    everybody = processes(guest)
    found = []
    for process in everybody.values():
        if process.pid == 1:
            continue
        unit = units.get(process.group.rpartition("/uebo/")[2])
        if unit is None or not _descends(process, unit.get("pid"), everybody):
            found.append(f"process {process.pid} of {process.parent} in {process.group}")
    # The group of one that is stopped goes when it is started the next time: it is empty.
    found += [f"group {name}" for name in guest.run(f"cd {GROUPS}; ls -d */").replace("/", "").split() if name not in units]
    return found


def _descends(process: Process, main: int | None, everybody: dict[int, Process]) -> bool:
    while process.pid != main:
        parent = everybody.get(process.parent)
        if parent is None or parent.group != process.group:
            return False
        process = parent
    return True
