"""PID 1's metrics, of a node that does well and of one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from support import disks
from support.guest import WORK, Guest
from support.metrics import value
from support.prometheus import promtool
from support.time_server import TimeServer
from support.waiting import wait_for

Record = Callable[[str, object], None]
MEBI = 1 << 20


def sample(guest: Guest, series: str) -> float | None:
    return value(guest.scrape(9101), series)


# --- one that does well


def test_promtool_finds_nothing_to_say(clean: Guest) -> None:
    checked = promtool("check", "metrics", given=clean.scrape(9101))
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, checked.stdout + checked.stderr


def test_its_role_looks_at_pid_1_and_at_the_logs_and_has_no_privilege(clean: Guest) -> None:
    pid = clean.wait_for_state("metrics", "ready")["pid"]
    status = dict(line.split(":\t", 1) for line in clean.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["101"] * 4
    assert set(status["Groups"].split()) == {"101", "103"}, "uebo-control and uebo-log"
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1"


def test_they_tell_what_the_node_is(clean: Guest) -> None:
    text = clean.scrape(9101)
    assert value(text, "uebo_up") == 1
    mac = clean.run("cat /sys/class/net/eth0/address").strip()
    kernel = clean.run("uname -r").strip()
    info = next(line for line in text.splitlines() if line.startswith("uebo_node_info{"))
    assert 'hostname="clean"' in info and f'mac="{mac}"' in info and 'id=""' not in info
    info = next(line for line in text.splitlines() if line.startswith("uebo_build_info{"))
    assert 'arch="aarch64"' in info and f'kernel="{kernel}"' in info and 'suite=""' not in info
    assert (value(text, "uebo_image_build_timestamp_seconds") or 0) > 1.6e9
    assert value(text, 'uebo_storage_info{source="/dev/vda",fstype="ext4"}') == 1
    assert value(text, "uebo_storage_read_only") == 0
    for condition in ("storage", "net", "modules-settled", "link:eth0"):
        assert value(text, f'uebo_condition{{condition="{condition}"}}') == 1, condition


def test_they_tell_what_status_tells(clean: Guest) -> None:
    units = clean.status()["units"]
    text = clean.scrape(9101)
    for unit in units:
        assert value(text, f'uebo_service_state{{service="{unit["name"]}",state="{unit["state"]}"}}') == 1, unit
    boot = json.loads(clean.run("uebo boot --json"))
    for phase in boot["phases"]:
        assert value(text, f'uebo_boot_phase_end_seconds{{kind="phase",phase="{phase["name"]}"}}') == phase["ended"]
    assert value(text, 'uebo_boot_phase_end_seconds{kind="kernel",phase="kernel"}') == boot["kernel"]
    assert (value(text, 'uebo_service_memory_bytes{service="boinc"}') or 0) > MEBI
    assert (value(text, 'uebo_service_cpu_seconds_total{service="boinc"}') or 0) > 0
    assert value(text, 'uebo_service_oom_kills_total{service="boinc"}') == 0


def test_the_role_sees_little_and_costs_little(clean: Guest, record_property: Record) -> None:
    pid = clean.status("metrics")["pid"]
    status = dict(line.split(":", 1) for line in clean.run(f"cat /proc/{pid}/status").splitlines())
    assert status["Uid"].split() == ["101"] * 4 and int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"].strip() == "1"
    used = 'uebo_service_cpu_seconds_total{service="metrics"}'
    before = clean.scrape(9101)
    scrapes = 20
    after = [clean.scrape(9101) for _ in range(scrapes)][-1]
    role = ((value(after, used) or 0) - (value(before, used) or 0)) / scrapes * 1000
    pid1 = ((value(after, "uebo_pid1_cpu_seconds_total") or 0) - (value(before, "uebo_pid1_cpu_seconds_total") or 0)) / scrapes * 1000
    memory = (value(after, 'uebo_service_memory_bytes{service="metrics"}') or 0) / MEBI
    record_property("a scrape of port 9101, ms of CPU", f"{role:.1f} in the role, {pid1:.1f} in PID 1; {len(after)} bytes")
    record_property("role of port 9101", f"VmRSS {status['VmRSS'].strip()}, RssAnon {status['RssAnon'].strip()}, cgroup {memory:.1f} MiB")
    assert int(status["RssAnon"].split()[0]) <= 2048
    assert memory <= 12
    assert role <= 100 and pid1 <= 50


# --- and one that does not


@pytest.fixture(scope="module")
def troubled(time_server: TimeServer) -> Iterator[Guest]:
    file = disks.make_ext4(WORK / "troubled.img")
    arguments = "uebo.storage.wait=30s" + (" uebo.ntp=10.0.2.2" if time_server.works else "")
    guest = Guest("troubled", append=arguments, extra=["-device", "qemu-xhci"]).start()
    try:
        guest.wait_for_console("uebo: modules: ", 60)
        guest.plug_usb_disk(file, "storage")
        guest.wait_for_ssh()
        guest.wait_for_storage()
        yield guest
    finally:
        guest.destroy()


@pytest.mark.full
def test_a_service_that_is_killed_for_want_of_memory_is_counted(troubled: Guest) -> None:
    series = 'uebo_service_oom_kills_total{service="node_exporter"}'
    assert sample(troubled, series) == 0
    for times in (1, 2):
        # One that answers has more than that; one that only starts would but be slow.
        wait_for(lambda: troubled.scrape(9100), "the node exporter works", 60, 0.5)
        troubled.run("echo 1M > /sys/fs/cgroup/uebo/node_exporter/memory.max")
        wait_for(lambda: (sample(troubled, series) or 0) >= times, f"{times} kills are counted", 30, 0.5)
    wait_for(lambda: troubled.scrape(9100), "the node exporter works again", 60, 0.5)
    text = troubled.scrape(9101)
    assert value(text, 'uebo_service_exits_total{service="node_exporter",reason="out-of-memory"}') == value(text, series)
    assert value(text, 'uebo_service_state{service="node_exporter",state="ready"}') == 1


@pytest.mark.full
def test_a_crash_loop_is_a_state(troubled: Guest) -> None:
    troubled.run("mount --bind /bin/busybox /usr/bin/prometheus-node-exporter")
    troubled.run("uebo restart --no-wait node_exporter")
    state = 'uebo_service_state{{service="node_exporter",state="{}"}}'
    wait_for(lambda: sample(troubled, state.format("crash-loop")), "the crash loop is seen", 60, 1)
    text = troubled.scrape(9101)
    assert value(text, state.format("ready")) == 0
    assert (value(text, 'uebo_service_restarts_total{service="node_exporter"}') or 0) >= 5
    assert value(text, 'uebo_service_wanted{service="node_exporter"}') == 1
    troubled.run("umount /usr/bin/prometheus-node-exporter; uebo restart node_exporter")
    assert sample(troubled, state.format("ready")) == 1


@pytest.mark.full
def test_a_storage_that_is_pulled_is_a_condition_that_does_not_hold(troubled: Guest) -> None:
    assert sample(troubled, 'uebo_condition{condition="storage"}') == 1
    assert sample(troubled, "uebo_storage_mounted") == 1
    troubled.pull_usb_disk("storage")
    wait_for(lambda: sample(troubled, 'uebo_condition{condition="storage"}') == 0, "the condition is gone", 120, 1)
    wait_for(lambda: sample(troubled, "uebo_storage_mounted") == 0, "nothing is mounted any more", 60, 1)
    wait_for(lambda: sample(troubled, 'uebo_service_state{service="boinc",state="waiting"}') == 1, "BOINC waits", 120, 1)
    troubled.plug_usb_disk_again("storage")
    wait_for(lambda: sample(troubled, 'uebo_condition{condition="storage"}') == 1, "the condition is back", 120, 1)
