"""BOINC in its sandbox, on the image: the stock client works in there, and what its tasks could do elsewhere they can't."""

from __future__ import annotations

import pytest

from conftest import PASSWORD
from support.guest import Guest
from support.waiting import wait_for

GROUP = "/sys/fs/cgroup/uebo/boinc"


@pytest.fixture(scope="module")
def pid(clean: Guest) -> int:
    clean.wait_for_state("boinc", "running", 90)
    return int(clean.status("boinc")["pid"])


def mounts_of(guest: Guest, pid: int) -> dict[str, list[str]]:
    """What each place shows: type and options of the mount on top."""
    lines = guest.run(f"cat /proc/{pid}/mounts").splitlines()
    return {fields[1]: [fields[2], *fields[3].split(",")] for line in lines if (fields := line.split())}


def test_boinc_is_in_the_whole_sandbox(clean: Guest, pid: int) -> None:
    status = dict(line.split(":\t", 1) for line in clean.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[capabilities], 16) == 0, capabilities
    mounts = mounts_of(clean, pid)
    writable = {place for place, (_, *options) in mounts.items() if "rw" in options}
    assert writable == {"/var/lib/boinc-client", "/tmp", "/dev/shm", "/dev/pts"} | ({"/var/tmp"} & set(mounts))
    assert mounts["/storage"][:2] == ["tmpfs", "ro"]
    assert "hidepid=invisible" in mounts["/proc"]
    assert mounts["/dev"][0] == "tmpfs"


def test_the_secrets_are_covered_in_its_own_proc(clean: Guest, pid: int) -> None:
    shown = clean.run(f"cat /proc/{pid}/root/proc/cmdline")
    assert PASSWORD not in shown and "uebo.boinc.password=" in shown
    bootargs = clean.run(f"cat /proc/{pid}/root/sys/firmware/devicetree/base/chosen/bootargs")
    assert PASSWORD not in bootargs


def test_its_group_has_its_limits(clean: Guest, pid: int) -> None:
    high, most = (int(clean.run(f"cat {GROUP}/memory.{name}")) for name in ("high", "max"))
    assert 0 < high < most
    assert clean.run(f"cat {GROUP}/pids.max {GROUP}/cpu.weight").split() == ["1024", "1"]
    assert clean.run(f"grep 'open files' /proc/{pid}/limits").split()[3:5] == ["4096", "4096"]


def test_the_stock_client_starts_and_signals_its_processes_in_there(clean: Guest, pid: int) -> None:
    """Its benchmark: a process of its own for each processor, which it starts, stops by a signal and waits for."""
    assert clean.boinccmd("--run_benchmarks", password=PASSWORD).returncode == 0
    said = wait_for(lambda: s if "Benchmark results" in (s := clean.run("cat /var/log/boinc/current*")) else "", "results", 240, 2)
    assert "floating point MIPS (Whetstone)" in said and "integer MIPS (Dhrystone)" in said
    assert clean.status("boinc")["pid"] == pid, "it is the same client"


def test_a_fork_bomb_ends_at_pids_max_and_the_node_works_on(clean: Guest, pid: int) -> None:
    bomb = f"echo $$ > {GROUP}/cgroup.procs; i=0; while [ $i -lt 1500 ]; do sleep 300 >/dev/null 2>&1 & i=$((i+1)); done"
    failed = clean.try_run(f"sh -c '{bomb}' 2>&1 | tail -n 1", timeout=240)
    assert "fork" in failed.stdout, failed
    try:
        assert int(clean.run(f"cat {GROUP}/pids.current")) <= 1024
        assert "max" in clean.run(f"cat {GROUP}/pids.events")
        assert clean.state("node_exporter") == "ready" and clean.node_exporter()
    finally:
        clean.run("killall sleep")
    wait_for(lambda: int(clean.run(f"cat {GROUP}/pids.current")) < 100, "they are gone", 60, 1)
    assert clean.state("boinc") == "running"
