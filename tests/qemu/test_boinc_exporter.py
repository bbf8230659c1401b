"""The BOINC exporter on a node, with a client that has a thousand tasks, stops, and hangs. The second guest counts its time in
instructions, at 500 million a second, as a slow core of a board has them: whatever else this machine does, CPU time is the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import pytest

from conftest import PASSWORD
from support import boinc_state, disks
from support.guest import WORK, Disk, Guest
from support.machine import ROOT
from support.prometheus import promtool
from support.waiting import scaled, wait_for

TASKS = 1000
SCRAPES = 20
CGROUP = "/sys/fs/cgroup/uebo/boinc_exporter"

Samples = dict[str, float]
Record = Callable[[str, object], None]


def samples_when(guest: Guest, condition: Callable[[Samples], bool], what: str, deadline: float = 90) -> Samples:
    def samples() -> Samples | None:
        found = guest.samples(9109)
        return found if found and condition(found) else None

    return wait_for(samples, f"{guest.name}: {what}", deadline, 0.5)


def is_up(samples: Samples) -> bool:
    return samples["boinc_up"] == 1


# --- the clean node


def test_it_runs_as_nobody_within_16_mib(clean: Guest) -> None:
    pid = clean.wait_for_state("boinc_exporter", "ready")["pid"]
    status = dict(line.split(":\t", 1) for line in clean.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["65534"] * 4
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1"
    assert int(clean.run(f"cat {CGROUP}/memory.max")) == 16 << 20


def test_the_client_is_up_and_promtool_agrees(clean: Guest) -> None:
    samples = samples_when(clean, is_up, "the client is up")
    version = clean.run("/usr/bin/boinc --version").split()[0]
    assert samples[f'boinc_client_info{{version="{version}"}}'] == 1
    assert samples['boinc_disk_bytes{kind="total"}'] > 0
    said = promtool("check", "metrics", given=clean.scrape(9109))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_a_client_that_is_stopped_is_down_and_comes_back(clean: Guest) -> None:
    pid = clean.wait_for_state("boinc_exporter", "ready")["pid"]
    clean.run("stop boinc")
    samples = samples_when(clean, lambda samples: not is_up(samples), "the client is down")
    assert samples['boinc_scrape_error{reason="refused"}'] == 1
    assert not any(name.startswith(("boinc_client_", "boinc_tasks_")) for name in samples), "nothing stale"
    clean.run("start boinc")
    samples_when(clean, is_up, "the client is back")
    assert clean.status("boinc_exporter")["pid"] == pid


def test_a_benchmark_gives_the_boards_row_and_the_exporter_the_same_figures(clean: Guest, record_property: Record) -> None:
    before = json.loads(clean.run("uebo bench --json --last")) if "boinc_host_whetstone_flops" in (clean.samples(9109) or {}) else {"measured": 0}
    row = json.loads(clean.run("uebo bench --json", timeout=300))
    assert row["measured"] > before["measured"]
    assert (row["Device"], row["SoC"], row["Cores"], row["Architecture"]) == ("linux,dummy-virt", "linux,dummy-virt", "2", "aarch64")
    samples = clean.samples(9109) or {}
    assert samples["boinc_host_whetstone_flops"] == pytest.approx(row["whetstone_flops"])
    assert samples["boinc_host_dhrystone_ops"] == pytest.approx(row["dhrystone_ops"])
    markdown = clean.run("uebo bench --markdown --last").splitlines()
    head, rule = (ROOT / "BENCHMARKS.md").read_text().split("| Device |")[1].splitlines()[:2]
    assert markdown[:2] == ["| Device |" + head, rule], "a row goes into BENCHMARKS.md as it is"
    record_property("BOINC's benchmark, emulated", markdown[2])


def test_the_kernels_account_of_the_clients_group_is_told(clean: Guest) -> None:
    samples = samples_when(clean, is_up, "the client is up")
    assert samples["boinc_cpu_limit_ratio"] == 1
    clean.run("echo '100000 100000' >/sys/fs/cgroup/uebo/boinc/cpu.max")
    assert (clean.samples(9109) or {})["boinc_cpu_limit_ratio"] == 0.5
    clean.run("echo 'max 100000' >/sys/fs/cgroup/uebo/boinc/cpu.max")
    assert samples["boinc_memory_stall_seconds_total"] >= 0 and samples["boinc_cpu_throttled_seconds_total"] >= 0


# --- a node with a thousand tasks


@pytest.fixture(scope="module")
def busy() -> Iterator[Guest]:
    content = WORK / "busy-storage"
    shutil.rmtree(content, ignore_errors=True)
    boinc_state.write(content / "boinc", TASKS, "aarch64-unknown-linux-gnu")
    disk = disks.make_ext4(WORK / "busy.img", content)
    arguments = f"uebo.hostname=busy uebo.boinc.password={PASSWORD}"
    guest = Guest("busy", append=arguments, disks=[Disk(disk)], extra=["-icount", "shift=1"]).start()
    try:
        guest.wait_for_ssh()
        yield guest
    finally:
        guest.destroy()


def all_tasks_are_there(samples: Samples) -> bool:
    counts = [value for name, value in samples.items() if name.startswith("boinc_tasks_total")]
    return is_up(samples) and sum(counts) == TASKS and samples['boinc_tasks_total{state="executing"}'] == 2


@pytest.mark.full
def test_a_thousand_tasks_cost_less_than_50_ms_of_cpu_a_scrape(busy: Guest, record_property: Record) -> None:
    samples = samples_when(busy, all_tasks_are_there, "two of the tasks run", 180)
    assert samples["boinc_tasks_without_series"] == TASKS - 50
    assert len([name for name in samples if name.startswith("boinc_task_report_deadline")]) == 50

    def cpu_microseconds() -> int:
        return int(busy.run(f"grep usage_usec {CGROUP}/cpu.stat").split()[1])

    before = cpu_microseconds()
    for _ in range(SCRAPES):
        assert is_up(busy.samples(9109) or {})
    milliseconds = (cpu_microseconds() - before) / SCRAPES / 1000
    record_property("BOINC exporter, CPU of a scrape with 1,000 tasks, at 500 million instructions a second, ms", round(milliseconds, 1))
    assert milliseconds < 50


@pytest.mark.full
def test_a_thousand_tasks_fit_into_its_memory(busy: Guest, record_property: Record) -> None:
    samples_when(busy, all_tasks_are_there, "two of the tasks run", 180)
    pid = busy.status("boinc_exporter")["pid"]
    status = dict(line.split(":", 1) for line in busy.run(f"cat /proc/{pid}/status").splitlines())
    peak = int(busy.run(f"cat {CGROUP}/memory.peak")) / (1 << 20)
    record_property("BOINC exporter with 1,000 tasks",
                    f"VmRSS {status['VmRSS'].strip()}, RssAnon {status['RssAnon'].strip()}, peak of its cgroup {peak:.1f} MiB")
    assert int(status["RssAnon"].split()[0]) <= 2048
    assert peak <= 8, "half of its limit"
    assert busy.status("boinc_exporter")["restarts"] == 0


@pytest.mark.full
def test_promtool_agrees_with_series_of_tasks(busy: Guest) -> None:
    samples_when(busy, all_tasks_are_there, "two of the tasks run", 180)
    said = promtool("check", "metrics", given=busy.scrape(9109))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.full
def test_a_client_that_hangs_costs_seconds_and_is_down(busy: Guest) -> None:
    samples_when(busy, is_up, "the client is up", 180)
    client = busy.status("boinc")["pid"]
    busy.run(f"kill -STOP {client}")
    samples = busy.samples(9109) or {}
    assert not is_up(samples) and samples['boinc_scrape_error{reason="timeout"}'] == 1
    assert 5 <= samples["boinc_scrape_duration_seconds"] < scaled(7)
    busy.run(f"kill -CONT {client}")
    samples_when(busy, all_tasks_are_there, "the client is back")
    assert busy.status("boinc_exporter")["restarts"] == 0
