"""A node that is abused: a thousand processes of its services are killed, and services do all that services should not. Each
is the image as it is built, with services of the test beside its own, and 200 ms as the longest delay before a restart."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import PASSWORD
from support import abuse, boinc_state, disks
from support.cross import static_program
from support.guest import WORK, Disk, Guest
from support.machine import ROOT
from support.time_server import TimeServer
from support.waiting import scaled, wait_for

KILLS = 500  # in a storm, of which there are two
DOWN = 4  # so many services are down at the same time, at most
SEED = 20110101
TASKS = 100
GROWTH = 64  # kB
ANSWER = 2.0  # seconds, and more on a slow machine

Record = Callable[[str, object], None]
Json = abuse.Json


def is_up(unit: Json) -> bool:
    return bool(unit["up"])


def not_up(guest: Guest) -> list[str]:
    """Of the units that are wanted."""
    return [f"{unit['name']} is {unit['state']}" for unit in guest.status()["units"] if unit["wanted"] and not is_up(unit)]


def wait_until_all_are_up(guest: Guest, deadline: float = 120) -> None:
    said: list[list[str]] = [[]]

    def all_up() -> bool:
        said[0] = not_up(guest)
        return said[0] == []

    try:
        wait_for(all_up, f"{guest.name}: every unit that is wanted is up", deadline, 0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}: {said[0]}") from None


def start(guest: Guest, name: str) -> None:
    guest.run(f"uebo start --no-wait {name}")


@pytest.fixture(scope="module")
def abused_image() -> Path:
    programs = {"kill_storm": Path(__file__).with_name("kill_storm.cpp"), "misbehave": ROOT / "tests/namespace/misbehave.cpp"}
    storm = abuse.storm_of(KILLS, DOWN, SEED)
    return abuse.image({name: static_program(source) for name, source in programs.items()}, storm)


@pytest.fixture(scope="module")
def abused(abused_image: Path, time_server: TimeServer) -> Iterator[Guest]:
    content = WORK / "abused-storage"
    shutil.rmtree(content, ignore_errors=True)
    boinc_state.write(content / "boinc", TASKS, "aarch64-unknown-linux-gnu")
    disk = disks.make_ext4(WORK / "abused.img", content)
    arguments = f"uebo.hostname=abused uebo.boinc.password={PASSWORD}" + (" uebo.ntp=10.0.2.2" if time_server.works else "")
    guest = Guest("abused", append=arguments, disks=[Disk(disk)], initramfs=abused_image)
    try:
        guest.start()
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def victims_of(abused: Guest) -> list[str]:
    return [unit["name"] for unit in abused.status()["units"] if unit["wanted"] and unit["type"] == "daemon"]


def storm(abused: Guest) -> str:
    """What the storm says of itself, when it is over and all is up again."""
    victims, seen = victims_of(abused), len(abused.console)
    abused.run(f"printf '%s\\n' {' '.join(victims)} >{abuse.VICTIMS}; uebo restart --no-wait storm")
    abused.drop_ssh()  # its sessions are a part of a service that is killed
    line = re.compile(r"uebo: storm: (.*) \(\d+\.\d\d s\)")
    said = wait_for(lambda: line.search(abused.console, seen), "the storm is over", 600, 0.5)[1]
    assert said.startswith(f"{KILLS} kills of live processes of {len(victims)} services in "), said
    abused.wait_for_ssh()
    wait_until_all_are_up(abused)
    return str(said)


@pytest.fixture(scope="module")
def settled(abused: Guest) -> abuse.Pid1:
    """PID 1 when all is up, BOINC works on its tasks, and every service has failed before: what is kept of a failed run is there."""
    wait_until_all_are_up(abused)
    wait_for(lambda: len(abused.run(f"cat {abuse.GROUPS}/boinc/cgroup.procs").split()) >= 3, "BOINC runs two tasks", 120, 1)
    assert abuse.leftovers(abused) == []
    storm(abused)
    return abuse.pid1(abused)


# --- the storm


def test_a_thousand_processes_are_killed_and_every_service_comes_back(abused: Guest, settled: abuse.Pid1, record_property: Record) -> None:
    before = {unit["name"]: unit for unit in abused.status()["units"]}
    victims = victims_of(abused)
    assert {"boinc", "dropbear", "node_exporter", "metrics", "dhcp@eth0", "getty@ttyAMA0"} <= set(victims)
    said = storm(abused)
    record_property("kill -9 at random, the second half of a thousand", said)
    after = {unit["name"]: unit for unit in abused.status()["units"]}
    killed = sum(after[name]["exits"]["signalled"] - before[name]["exits"]["signalled"] for name in victims)
    own_children = int(re.findall(r"(\d+) of them PID 1's own children", said)[0])
    record_property("runs that PID 1 saw end by a signal", f"{killed}, of {own_children} kills of its own children")
    assert own_children * 0.95 <= killed
    assert all(after[name]["restarts"] > before[name]["restarts"] for name in victims)
    wait_for(lambda: not abuse.leftovers(abused), "nothing is left of the old runs", 30, 0.5)


# --- services with bad habits


def test_a_fork_bomb_is_held_in_its_bounds(abused: Guest, settled: abuse.Pid1, record_property: Record) -> None:
    start(abused, "bomb")
    group = f"{abuse.GROUPS}/bomb"
    refused = f"grep '^max [1-9]' {group}/pids.events"
    wait_for(lambda: abused.try_run(refused).returncode == 0, "the bomb asks for more processes than it may have", 60, 0.2)
    trips = abuse.round_trips(abused)
    record_property("control command beside a fork bomb, s", f"{max(trips):.2f} at most")
    assert max(trips) <= scaled(ANSWER)
    assert int(abused.run(f"cat {group}/pids.current")) <= abuse.BOMB
    began = time.monotonic()
    abused.run("uebo stop bomb")
    record_property("a fork bomb is stopped after, s", round(time.monotonic() - began, 1))
    assert abused.state("bomb") == "stopped"
    assert abused.run(f"cat {group}/cgroup.procs 2>/dev/null || true") == ""


# The hog's node may stand still for a minute before the kernel kills, and is slow for a while after: with --full.
HOG = pytest.param("hog", "board-out-of-memory", marks=pytest.mark.full)


@pytest.mark.parametrize(("name", "reason"), [("glutton", "out-of-memory"), HOG])
def test_a_service_that_eats_all_memory_is_killed_for_that(
    name: str, reason: str, abused: Guest, settled: abuse.Pid1, record_property: Record
) -> None:
    """The one has a limit of its own; the other eats what the board has."""
    others = {unit["name"]: unit["exits"] for unit in abused.status()["units"] if unit["wanted"]}
    start(abused, name)
    began = time.monotonic()
    unit = abused.wait_for_state(name, "failed", 300)
    record_property(f"{name} is killed after, s", round(time.monotonic() - began, 1))
    assert unit["exits"][reason] == 1 and unit["oom_kills"] >= 1
    assert sum(unit["exits"].values()) == 1
    now = {unit["name"]: unit["exits"] for unit in abused.status()["units"] if unit["name"] in others}
    assert now == others, "nobody else has paid for it"


def test_a_service_that_ignores_the_stop_signal_is_killed_after_its_timeout(abused: Guest, settled: abuse.Pid1) -> None:
    start(abused, "deaf")
    pid = abused.wait_for_state("deaf", "running")["pid"]
    # Not before its main process has come to ignore the signal.
    wait_for(lambda: "4000" in abused.run(f"grep SigIgn /proc/{pid}/status"), "it ignores SIGTERM", 30, 0.2)
    began = abuse.uptime(abused)
    abused.run("uebo stop deaf")
    took = abuse.uptime(abused) - began
    assert 1 <= took <= 1 + scaled(3), took
    unit = abused.status("deaf")
    assert (unit["state"], unit["last_exit"]) == ("stopped", "signal 9 (KILL)")


def test_what_a_service_leaves_behind_is_gone_before_it_starts_again(abused: Guest, settled: abuse.Pid1) -> None:
    start(abused, "messy")
    group = f"{abuse.GROUPS}/messy/cgroup.procs"
    first = wait_for(lambda: p if len(p := abused.try_run(f"cat {group}").stdout.split()) == 3 else [], "three processes", 30, 0.2)
    abused.run("touch /run/messy-go")
    wait_for(lambda: abused.status("messy")["restarts"] >= 10, "it was started ten times more", 60, 0.5)
    abused.run("uebo stop messy")
    assert abused.status("messy")["exits"]["exited"] >= 10
    # Each run takes a lock that whatever an earlier one left behind would hold; else it ends with 95.
    ends = abused.run("grep -ho 'messy: exit code [0-9]*' /var/log/uebo/current*").splitlines()
    assert set(ends) == {"messy: exit code 1"}
    assert abused.run(f"for pid in {' '.join(first)}; do ! kill -0 $pid 2>/dev/null || echo $pid; done") == ""


def test_a_flood_of_output_neither_fills_the_memory_nor_keeps_pid_1_from_answering(abused: Guest, settled: abuse.Pid1, record_property: Record) -> None:
    start(abused, "flood")
    wait_for(lambda: abused.status("flood")["log_dropped"] >= 10_000, "the flood is more than can be kept", 60, 0.2)
    began, before = abuse.uptime(abused), abused.status("flood")
    trips = abuse.round_trips(abused)
    after = abused.status("flood")
    lines = (sum(after[name] - before[name] for name in ("log_lines", "log_dropped"))) / (abuse.uptime(abused) - began)
    abused.run("uebo stop flood")
    record_property("control command beside a log flood, s", f"{max(trips):.2f} at most, at {lines / 10_000:.1f} MB a second")
    assert max(trips) <= scaled(ANSWER)
    assert int(abused.run("cat /var/log/flood/current* | wc -c")) <= 5 * 10 * 1024
    last = abused.run("tail -n 1 /var/log/flood/current").split()
    assert last[1:3] == ["torrent", "line"] and int(last[3]) > after["log_lines"], "the tail is kept"


# --- the end


def test_at_the_end_all_is_as_it_should_be(abused: Guest, settled: abuse.Pid1, record_property: Record) -> None:
    abused.run("uebo stop glutton; uebo stop hog")
    wait_until_all_are_up(abused)
    unwanted = {unit["name"]: unit["state"] for unit in abused.status()["units"] if not unit["wanted"]}
    # The storm is a job that is done, and so still wanted.
    assert set(unwanted) == {*abuse.misbehaving_services(), "drain", "drain-undo"} and set(unwanted.values()) == {"stopped"}, unwanted
    wait_for(lambda: not abuse.leftovers(abused), "nothing is left over in any group", 30, 0.5)
    now = abuse.pid1(abused)
    growth = now.anonymous - settled.anonymous
    record_property("PID 1 after the abuse", f"{now.anonymous} kB anonymous, {growth:+d} kB; {now.descriptors} descriptors, {now.descriptors - settled.descriptors:+d}")
    assert growth < GROWTH
    # A pipe is kept for the log of each service that has run: of these, and of the storm.
    assert now.descriptors <= settled.descriptors + 2 * (len(unwanted) + 1)
    assert not abused.console_lines("could not be stopped")
    abused.try_run("poweroff")
    abused.wait_for_power_off(120)
    assert disks.check(WORK / "abused.img").returncode == 0


# --- clocks


def restart_delay(guest: Guest, name: str, date: str = "") -> float:
    """Its main process is killed, the clock set, and it is waited for: seconds from the kill to the next run."""
    pid = guest.wait_for_state(name, "running")["pid"]
    set_clock = f"date -u -s {date} >/dev/null; " if date else ""
    killed = float(guest.run(f"cat /proc/uptime; kill -9 {pid}; {set_clock}true").split()[0])

    def started_anew() -> float:
        answer, clock = guest.run(f"uebo status --json {name} | tr -d '\\n'; echo; cat /proc/uptime").splitlines()
        said = json.loads(answer)
        unit = said.get("unit", said)
        return float(clock.split()[0]) - unit["running_for"] if unit["state"] == "running" and unit["pid"] != pid else 0.0

    return wait_for(started_anew, f"{name} runs anew", 30, 0.3) - killed


@pytest.mark.parametrize("year", [2011, 2099])
def test_a_clock_that_is_decades_off_decides_nothing(year: int, abused_image: Path) -> None:
    """Nor does one that jumps, by decades and either way."""
    guest = Guest(f"clock-{year}", initramfs=abused_image, append="uebo.storage.wait=1s",
                  extra=["-rtc", f"base={year}-01-01T00:00:00"])  # fmt: skip
    try:
        guest.start()
        guest.wait_for_ssh()
        for service in ("node_exporter", "metrics", "dropbear"):
            wait_for(lambda name=service: is_up(guest.status(name)), f"{service} is up", 60, 0.5)  # type: ignore[misc]
        assert abs(int(guest.run("date +%Y")) - time.gmtime().tm_year) <= 1, "a time that can be believed"

        start(guest, "patient")
        for date, delay in (("", 0), ("", 1), ("2050-06-01", 2), ("2001-06-01", 4)):
            took = restart_delay(guest, "patient", date)
            assert delay <= took <= delay * 1.1 + scaled(3), (date, took)

        start(guest, "deaf")
        pid = guest.wait_for_state("deaf", "running")["pid"]
        wait_for(lambda: "4000" in guest.run(f"grep SigIgn /proc/{pid}/status"), "it ignores SIGTERM", 30, 0.2)
        began = abuse.uptime(guest)
        guest.run("uebo stop --no-wait deaf; date -u -s 2001-01-01")
        guest.wait_for_state("deaf", "stopped", 30)
        assert abuse.uptime(guest) - began >= 0.9
        up = abuse.uptime(guest)
        assert all(unit.get("running_for", 0) <= up for unit in guest.status()["units"])
        guest.try_run("poweroff")
        guest.wait_for_power_off(60)
    finally:
        guest.destroy()
