"""What can't be killed, and what nobody can wait for: it costs its deadline and a line, and never the shutdown."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from node import Node
from support.silent_fuse import FUSE, silent_file_system
from support.waiting import wait_for

KILL_DEADLINE = 10.0  # of a killed service, after which it counts as stuck

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not FUSE.exists(), reason="needs root and FUSE")


def state_of(pid: int) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("State:"):
            return line.split()[1]
    return "?"


def test_a_task_that_can_not_be_killed_costs_its_deadline_and_a_line(node: Node, tmp_path: Path) -> None:
    with silent_file_system(tmp_path / "silent") as silent:
        node.service("stuck", f"show-file={silent.directory}/file", stop={"timeout": "200ms"}, restart="never")
        node.service("other", "wait")
        node.start()
        node.wait_for_state("stuck", "running")
        silent.wait_until_asked()
        pid = node.main_pid("stuck")
        assert node.uebo("stop", "--timeout", "0", "stuck").returncode == 1

        def is_stuck() -> bool:
            return str(node.status("stuck").get("detail", "")).startswith("stuck")

        wait_for(is_stuck, "it counts as stuck", KILL_DEADLINE + 10)
        assert state_of(pid) == "D"
        assert node.said().count("stuck: something survived SIGKILL") == 1
        assert node.state("other") == "running", "the others have nothing to do with it"
        assert node.uebo("restart", "other").returncode == 0

        silent.release()
        node.wait_for_state("stuck", "stopped")
        assert node.processes("stuck") == []
        assert node.uebo("start", "--timeout", "0", "stuck").returncode in (0, 1), "and it can be started again"


def test_a_task_that_can_not_be_killed_does_not_hold_up_the_shutdown(node: Node, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with silent_file_system(tmp_path / "silent") as silent:
        node.service("base", "on=TERM", "say=ready", "until-signal", f"append={trace}:base-down")
        node.service("stuck", f"show-file={silent.directory}/file", needs=["base"], stop={"timeout": "200ms"})
        node.start()
        node.wait_for_log("base", "ready")
        silent.wait_until_asked()
        begin = time.monotonic()
        node.signal(signal.SIGTERM)
        wait_for(trace.exists, "what it needs goes after it has been given up", KILL_DEADLINE + 10)
        assert KILL_DEADLINE <= time.monotonic() - begin <= KILL_DEADLINE + 5
        wait_for(lambda: "stuck: could not be stopped" in node.said(), "it is named", 10)
        # The kernel lets no init of a PID namespace go while a task of it can't end; on a board there is the power switch.
        silent.release()
        assert node.wait_for_end() is not None
