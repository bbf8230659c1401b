"""Who may use the control socket, and for what."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from node import Json, Node
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user than the one that asks")

READERS = ("uebo-web", "uebo-consul")
STRANGERS = ("boinc", "nobody")

ASK = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(60)
client.connect("/run/uebo/control")
client.sendall(sys.argv[1].encode() + b"\\n")
print("asked", flush=True)
sys.stdout.write(client.makefile().readline())
"""

# Connects as fast as it can, and keeps what it gets.
FLOOD = """
import socket
print("flooding", flush=True)
kept = []
while True:
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect("/run/uebo/control")
    except OSError:
        continue
    kept = [*kept[-200:], client]
"""


def ask(node: Node, user: str, request: Json) -> subprocess.Popen[str]:
    """The request is on its way when this returns; its answer is the process' next line."""
    command = node.inside("/usr/bin/python3", "-c", ASK, json.dumps(request), user=user)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout and process.stdout.readline() == "asked\n"
    return process


def answer(process: subprocess.Popen[str]) -> Json:
    assert process.stdout
    result: Json = json.loads(process.stdout.readline())
    process.communicate()
    return result


def end(process: subprocess.Popen[str]) -> None:
    """With what it has started: nsenter is but the parent of who asks."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@contextmanager
def flood(node: Node, user: str, processes: int = 3) -> Iterator[None]:
    command = node.inside("/usr/bin/python3", "-c", FLOOD, user=user)
    flooders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) for _ in range(processes)]
    try:
        for flooder in flooders:
            assert flooder.stdout and flooder.stdout.readline() == "flooding\n"
        yield
        assert all(flooder.poll() is None for flooder in flooders)
    finally:
        for flooder in flooders:
            end(flooder)


@pytest.mark.parametrize("user", READERS)
def test_readers_look_and_change_nothing(node: Node, user: str) -> None:
    node.service("runs", "wait")
    node.start()
    node.wait_for_state("runs", "running")
    assert "running" in node.uebo("status", user=user).stdout
    assert node.uebo("boot", user=user).returncode == 0
    for words in (("stop", "runs"), ("poweroff",)):
        refused = node.uebo(*words, user=user)
        assert refused.returncode == 1
        assert f"{words[0]}: not for you (uid {101 + READERS.index(user)}), who may only look" in refused.stderr
    assert node.state("runs") == "running"


@pytest.mark.parametrize("user", STRANGERS)
def test_strangers_are_refused_and_told_so(node: Node, user: str) -> None:
    node.start()
    refused = node.uebo("status", user=user)
    assert refused.returncode == 1 and not refused.stdout
    assert refused.stderr == ("uebo: connect to /run/uebo/control: Permission denied (it is for root and the node's own services)\n")


def test_not_even_the_mode_of_the_file_lets_strangers_in(node: Node) -> None:
    node.start()
    node.run("chmod", "666", "/run/uebo/control")
    refused = node.uebo("status", user="nobody")
    assert refused.returncode == 1 and not refused.stdout
    assert refused.stderr == "uebo: the control socket is not for you (uid 65534)\n"


@pytest.mark.parametrize("user", ["uebo-web", "nobody"])
def test_however_often_others_connect_root_comes_through(node: Node, user: str) -> None:
    node.service("runs", "wait")
    node.start()
    node.run("chmod", "666", "/run/uebo/control")
    with flood(node, user):
        for _ in range(5):
            assert node.uebo("status").returncode == 0
        assert node.uebo("restart", "runs").returncode == 0
        assert node.uebo("status", user="uebo-consul").returncode == 0, "each reader has places of its own"


def test_changes_are_told_when_they_come(node: Node) -> None:
    node.service("runs", "wait")
    node.start()
    node.wait_for_state("runs", "running")
    before = json.loads(node.uebo("status", "--json").stdout)["generation"]
    nothing = answer(ask(node, "uebo-consul", {"verb": "changes", "since": before, "timeout": 0}))
    assert nothing == {"ok": True, "generation": before}
    waiting = ask(node, "uebo-consul", {"verb": "changes", "since": before, "timeout": 600})
    assert node.uebo("stop", "runs").returncode == 0
    after = answer(waiting)
    assert after["ok"] and after["generation"] > before
    at_once = answer(ask(node, "uebo-web", {"verb": "changes", "since": before, "timeout": 600}))
    assert at_once["generation"] >= after["generation"]


def test_a_reader_that_waits_for_ever_holds_up_nobody(node: Node) -> None:
    node.start()
    generation = json.loads(node.uebo("status", "--json").stdout)["generation"]
    waiting = [ask(node, "uebo-web", {"verb": "changes", "since": generation, "timeout": 600}) for _ in range(4)]
    refused = wait_for(lambda: node.uebo("status", user="uebo-web").stderr, "all four places are taken")
    assert refused == "uebo: 4 clients of uid 101 are connected already; try again\n"
    assert node.uebo("status").returncode == 0
    end(waiting.pop())
    wait_for(lambda: node.uebo("status", user="uebo-web").returncode == 0, "a place is free again")
    for process in waiting:
        end(process)
