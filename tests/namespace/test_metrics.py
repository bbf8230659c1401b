"""PID 1's metrics, as Prometheus gets them from the node."""

from __future__ import annotations

import os

import pytest

from node import BINARY, Node
from support.metrics import value
from support.prometheus import promtool
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs another user than root")

SCRAPE = """
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen("http://127.0.0.1:9101/metrics", timeout=20).read().decode())
"""


BESIDE_SILENT_ONES = """
import socket, sys, urllib.request
silent = [socket.create_connection(("127.0.0.1", 9101)) for _ in range(8)]
for one in silent:
    one.sendall(b"GET /metrics")
# Before the server drops the silent ones, which takes 5 s.
sys.stdout.write(urllib.request.urlopen("http://127.0.0.1:9101/metrics", timeout=4).read().decode())
"""


@pytest.fixture
def serving(node: Node) -> Node:
    node.file("metrics", {"description": "metrics", "command": [str(BINARY), "metrics"], "user": "uebo-web"})
    return node


def scrape(node: Node) -> str:
    return node.run("/usr/bin/python3", "-c", SCRAPE, user="nobody").stdout


def start(node: Node) -> str:
    node.start()
    node.run("ip", "link", "set", "lo", "up")
    return wait_for(lambda: scrape(node), "port 9101 answers")


def test_promtool_finds_nothing_to_say(serving: Node) -> None:
    text = start(serving)
    checked = promtool("check", "metrics", given=text)
    assert checked.returncode == 0 and not checked.stderr and not checked.stdout, checked.stderr + checked.stdout


def test_clients_that_begin_and_say_no_more_do_not_keep_others_out(serving: Node) -> None:
    start(serving)
    done = serving.run("/usr/bin/python3", "-c", BESIDE_SILENT_ONES, user="nobody")
    assert value(done.stdout, "uebo_up") == 1, done


def test_a_service_is_seen_with_its_state_and_its_restarts(serving: Node) -> None:
    go = serving.directory / "go"
    serving.service("falls", f"until-file={go}", "exit=3")
    text = start(serving)
    assert value(text, "uebo_up") == 1
    assert value(text, 'uebo_service_state{service="metrics",state="running"}') == 1
    assert value(text, 'uebo_service_state{service="falls",state="running"}') == 1
    assert value(text, 'uebo_service_exits_total{service="falls",reason="exited"}') == 0
    go.touch()
    serving.wait_for_state("falls", "crash-loop", 60)
    text = scrape(serving)
    assert value(text, 'uebo_service_state{service="falls",state="crash-loop"}') == 1
    assert value(text, 'uebo_service_state{service="falls",state="running"}') == 0
    ended = value(text, 'uebo_service_exits_total{service="falls",reason="exited"}')
    assert ended and ended >= 5 and value(text, 'uebo_service_restarts_total{service="falls"}') == ended
    assert value(text, 'uebo_service_next_try_seconds{service="falls"}') is not None


def test_counters_never_fall_over_restarts(serving: Node) -> None:
    serving.service("works", "say=ready", "wait")
    counters = [f'{name}{{service="works"}}' for name in ("uebo_service_cpu_seconds_total", "uebo_service_log_lines_total")]
    counters.append('uebo_service_exits_total{service="works",reason="signalled"}')
    text = start(serving)
    for _ in range(4):
        before = [value(text, counter) or 0 for counter in counters]
        assert serving.uebo("restart", "works").returncode == 0
        text = scrape(serving)
        after = [value(text, counter) or 0 for counter in counters]
        assert all(new > old for old, new in zip(before, after, strict=True)), (before, after)
    stopped = scrape(serving) if serving.uebo("stop", "works").returncode == 0 else ""
    assert all((value(stopped, counter) or 0) >= old for counter, old in zip(counters, after, strict=True))


def test_a_condition_is_seen_before_and_after(serving: Node) -> None:
    text = start(serving)
    assert value(text, 'uebo_condition{condition="storage"}') == 0
    request = '{"verb":"condition","name":"storage","set":true}'
    ask = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/uebo/control'); s.send(b'{request}\\n'); s.recv(99)"
    assert serving.run("/usr/bin/python3", "-c", ask).returncode == 0
    assert value(scrape(serving), 'uebo_condition{condition="storage"}') == 1


def test_without_pid_1_it_says_so_and_goes_on(serving: Node) -> None:
    start(serving)
    serving.run("mv", "/run/uebo/control", "/run/uebo/elsewhere")
    text = scrape(serving)
    assert value(text, "uebo_up") == 0
    assert "uebo_node_info" in text and "uebo_service_state" not in text
    serving.run("mv", "/run/uebo/elsewhere", "/run/uebo/control")
    assert value(scrape(serving), "uebo_up") == 1
    assert serving.status("metrics")["restarts"] == 0
