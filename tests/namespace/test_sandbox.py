"""What a service in its sandbox can do and see, under the real supervisor as PID 1."""

from __future__ import annotations

import os
import platform
import signal
from pathlib import Path
from typing import Any

import pytest

from node import Node

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a user namespace of one user has no other")

INSIDE = Path(__file__).with_name("inside_sandbox.py").read_text()
REFUSED = ["mount", "umount2", "unshare", "setns", "ptrace", "bpf", "init_module", "kexec_load", "keyctl", "perf_event_open",
           "io_uring_setup", "userfaultfd", "clock_settime", "reboot", "raw_socket", "packet_socket"]  # fmt: skip

Told = dict[str, str]


def describe(node: Node, **keys: Any) -> None:
    node.file("inside", {"description": "tells what it can do", "command": ["/usr/bin/python3", "-c", INSIDE], "restart": "never", **keys})


def what_it_told(node: Node) -> Told:
    log = node.wait_for_log("inside", "end: of it", deadline=60)
    return dict(line.split(" ", 1)[1].split(": ", 1) for line in log.splitlines() if ": " in line)


def told_by(node: Node, **keys: Any) -> Told:
    describe(node, log={"size": "64k"}, **keys)
    node.start()
    return what_it_told(node)


@pytest.fixture
def nobody(node: Node) -> Told:
    return told_by(node, user="nobody")


def test_a_user_of_its_own_is_in_a_whole_sandbox(nobody: Told) -> None:
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(nobody[capabilities], 16) == 0, capabilities
    assert (nobody["NoNewPrivs"], nobody["Seccomp"]) == ("1", "2")
    # Files: its own /tmp, and nothing else. /dev/null is a device, which a read-only mount doesn't hold back.
    assert nobody["tmp"] == "[]"
    can_write = {path.split(" ", 1)[1] for path, answer in nobody.items() if path.startswith("write ") and answer == "allowed"}
    assert can_write == {"/tmp/x", "/dev/shm/x", "/dev/null"}
    assert nobody["write /usr/x"] == nobody["write /etc/x"] == nobody["write /run/x"] == "EROFS"
    assert nobody["devices"] == "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    assert nobody["processes"] == "[True]", "it sees itself alone"
    assert nobody["child"] == "7", "it may have children"


@pytest.mark.parametrize("abi", ["native", "int80"])
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86's")
def test_system_calls_that_no_service_needs_are_refused_in_both_abis(nobody: Told, abi: str) -> None:
    if abi == "int80" and nobody.get("int80 getpid") != "allowed":
        pytest.skip("this kernel serves no 32-bit ABI")
    answers = {call: nobody[f"{abi} {call}"] for call in REFUSED}
    assert answers == dict.fromkeys(REFUSED, "EPERM")
    assert nobody[f"{abi} clone3"] == "ENOSYS"
    assert nobody[f"{abi} tcp_socket"] == nobody[f"{abi} getpid"] == "allowed"


def test_a_covered_secret_stays_covered_in_the_new_proc(node: Node) -> None:
    describe(node, user="nobody", enabled=False, log={"size": "64k"})
    node.start()
    cover = node.directory / "cover"
    cover.write_text("uebo.boinc.password=******\n")
    assert node.run("mount", "--bind", str(cover), "/proc/cmdline").returncode == 0
    assert node.uebo("start", "inside").returncode == 0
    assert what_it_told(node)["cmdline"] == "uebo.boinc.password=******"


def test_parts_that_the_file_turns_off_are_off(node: Node) -> None:
    told = told_by(node, user="nobody", sandbox={"protect_proc": False, "private_devices": False, "system_call_filter": "off"})
    assert told["Seccomp"] == "0" and told["NoNewPrivs"] == "1"
    assert "False" in told["processes"]
    assert "loop-control" in told["devices"] or "console" in told["devices"] or "kmsg" in told["devices"]
    assert told["native clone3"] != "ENOSYS"
    assert told["write /usr/x"] == "EROFS", "the others are on"


def test_root_has_what_its_file_says(node: Node) -> None:
    sandbox = {"no_new_privs": True, "capabilities": ["CAP_NET_RAW"], "system_call_filter": "default"}
    told = told_by(node, sandbox=sandbox)
    assert int(told["CapEff"], 16) == int(told["CapBnd"], 16) == 1 << 13
    assert told["Seccomp"] == "2"
    if platform.machine() == "x86_64":
        assert told["native raw_socket"] == told["native packet_socket"] == "allowed", "it keeps the capability"
        assert told["native mount"] == told["native ptrace"] == "EPERM"


def test_root_is_left_alone_where_its_file_says_nothing(node: Node) -> None:
    told = told_by(node)
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("0", "0")
    assert "False" in told["processes"]


def test_a_step_that_fails_says_which_it_was(node: Node) -> None:
    node.service("stuck", "wait", user="nobody", restart="never", sandbox={"read_write_paths": ["/nowhere"]})
    node.start()
    assert node.wait_for_state("stuck", "failed")["last_exit"] == "make writable /nowhere: No such file or directory"


def test_a_sandboxed_service_stops_and_leaves_nothing(node: Node) -> None:
    node.service("boxed", "child", "descendant", "say=ready", "wait", user="nobody")
    node.start()
    node.wait_for_log("boxed", "ready")
    os.kill(node.main_pid("boxed"), signal.SIGKILL)
    node.wait_for_state("boxed", "running")
    assert node.uebo("stop", "boxed").returncode == 0
    assert node.processes("boxed") == []
