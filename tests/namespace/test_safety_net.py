"""What is below PID 1 itself: it crashes, it hangs, it runs out of descriptors."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

from node import Node
from support.waiting import wait_for


def children(pid: int) -> dict[int, list[str]]:
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")[:-1]
        except OSError:
            continue
    return found


def monitors(node: Node) -> dict[int, list[str]]:
    return {pid: words for pid, words in children(node.pid).items() if words and words[0] == "shutdown-monitor"}


def runnable_seconds(pid: int) -> float:
    """How long it has run or waited for a processor: on a busy machine, too, one that spins does nothing else."""
    running, waiting, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return (int(running) + int(waiting)) / 1e9


# --- a crash


def test_a_crash_of_pid_1_is_told_and_ends_the_system(node: Node) -> None:
    node.service("one", "wait")
    node.start()
    node.wait_for_state("one", "running")
    node.signal(signal.SIGSEGV)
    node.wait_for_end(60)
    said = node.said()
    assert "PID 1 has crashed: SIGSEGV, sent by process 0" in said  # from outside of the namespace
    assert "backtrace of " in said
    assert "; rebooting" in said


# --- PID 1 hangs in its shutdown


def test_a_shutdown_in_which_pid_1_hangs_is_ended_by_its_monitor(node: Node) -> None:
    node.service("slow", "ignore=TERM", "wait", stop={"timeout": "60s"})
    node.start("--shutdown-deadline", "3s")
    node.wait_for_state("slow", "running")
    assert not monitors(node)
    node.signal(signal.SIGTERM)
    monitor = wait_for(lambda: monitors(node), "the monitor runs")
    assert list(monitor.values()) == [["shutdown-monitor", "reboot", "3300"]]
    node.signal(signal.SIGSTOP)  # a parent namespace may do that to PID 1
    node.wait_for_end(60)
    assert "shutdown: PID 1 has not come to its end within 3.3 s: forced (reboot)" in node.said()


def test_a_shutdown_that_comes_to_its_end_is_not_forced(node: Node) -> None:
    node.service("one", "wait")
    node.start("--shutdown-deadline", "60s")
    node.wait_for_state("one", "running")
    node.signal(signal.SIGTERM)
    assert node.wait_for_end(30) == 0
    assert "forced" not in node.said()


def test_nobody_else_can_start_the_monitor(node: Node) -> None:
    node.start()
    by_hand = node.uebo("shutdown-monitor", "reboot", "0")
    assert by_hand.returncode == 1
    assert "PID 1 starts this, nobody else" in by_hand.stderr
    assert node.uebo("status").returncode == 0


# --- nothing is left


def test_without_descriptors_a_launch_fails_and_is_tried_again(node: Node) -> None:
    node.service("victim", "wait")
    node.start()
    node.wait_for_state("victim", "running")
    victim = node.main_pid("victim")
    limits = resource.prlimit(node.pid, resource.RLIMIT_NOFILE)
    # Those below are taken for good, so that there is never a free one.
    assert all(os.path.lexists(f"/proc/{node.pid}/fd/{number}") for number in (0, 1, 2))
    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: "Too many open files" in node.said(), "the failure is said")

    # A client that can't be accepted keeps the socket readable: PID 1 must not spin on that.
    before, began = runnable_seconds(node.pid), time.monotonic()
    node.run("timeout", "3", str(Path("/proc/1/exe")), "status")
    assert runnable_seconds(node.pid) - before < 0.5 * (time.monotonic() - began)

    resource.prlimit(node.pid, resource.RLIMIT_NOFILE, limits)
    wait_for(lambda: node.uebo("status").returncode == 0, "PID 1 answers again", 30)
    status = node.wait_for_state("victim", "running", 60)
    assert status["restarts"] >= 1
    assert node.main_pid("victim") != victim
