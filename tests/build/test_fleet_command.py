"""`uebo fleet`: how it goes through nodes, and what it tells of them. tests/rack has it on real ones."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fleet.board import ROOT

sys.path.insert(0, str(ROOT / "desk"))

from uebo_fleet import nodes, rolling, status  # noqa: E402
from uebo_fleet.nodes import Node  # noqa: E402

UEBO = str(ROOT / "desk/uebo")
NODES = [Node(f"n{number}", f"10.0.0.{number}") for number in range(1, 6)]
DOCUMENT = {
    "state": "working",
    "node": {"uptime": 93784},
    "boinc": {
        "tasks": [{"running": True, "fraction_done": 0.25}, {"running": True, "fraction_done": 0.75}, {"running": False}],
        "more_tasks": 2,
        "projects": [{"host_total_credit": 10.4, "host_average_credit": 1.2}, {"host_total_credit": 5}],
    },
    "temperatures": [{"celsius": 55.2}, {"celsius": 61.4}],
    "services": [{"name": "x", "state": "crash-loop"}, {"name": "y", "state": "running"}],
}


class Answers(BaseHTTPRequestHandler):
    content = b""
    code = 200

    def do_GET(self) -> None:  # noqa: N802
        self.send_response(self.code)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(told: object, status_code: int = 200) -> Iterator[int]:
    handler = type("Handler", (Answers,), {"content": json.dumps(told).encode(), "code": status_code})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- what is told


def test_a_row_sums_up_what_a_node_says() -> None:
    assert status.row(Node("n", "a"), DOCUMENT) == ("n", "working (x failed)", "2/5", "50 %", "15", "1", "61 °C", "1d02h")


def test_a_node_that_is_silent_is_told_so_and_is_the_exit_code() -> None:
    with served(DOCUMENT) as good, served({"error": "x"}, 500) as bad, served(["no", "document"]) as other:
        listed = [{"Node": name, "Address": "127.0.0.1", "ServiceAddress": "", "ServicePort": port}
                  for name, port in (("c", bad), ("b", other), ("a", good), ("d", 1))]  # fmt: skip
        with served(listed) as consul:
            said = subprocess.run([UEBO, "fleet", "--consul", f"127.0.0.1:{consul}"], capture_output=True, text=True)
    assert said.returncode == 1
    rows = said.stdout.splitlines()[1:]
    assert [row[0] for row in rows] == ["a", "b", "c", "d"], "by their names"
    assert "2/5" in rows[0]
    assert "what answers there is no status page" in rows[1] and "silent: HTTP 500" in rows[2] and "silent: Connection refused" in rows[3]


def test_the_fleets_file_names_nodes_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text("".join(f'[[node]]\nname = "{name}"\nboard = "pine64-plus"\nmacs = ["02:00:00:00:00:{number:02}"]\n'
                            for number, name in enumerate(["pine-2", "pine-1"])))  # fmt: skip
    assert nodes.from_file(file, "lan") == [Node("pine-2", "pine-2.lan"), Node("pine-1", "pine-1.lan")]
    file.write_text('[[node]]\nname = "a_b"\n')
    with pytest.raises(nodes.Trouble, match="fleet.toml"):
        nodes.from_file(file)


@pytest.mark.parametrize(("words", "said"), [
    (["fleet"], "--consul"),
    (["fleet", "--consul", "a:1", "--fleet", "b"], "not allowed"),
    (["fleet", "--consul", "CONSUL", "reboot"], "expected names of nodes, or --all"),
    (["fleet", "--consul", "CONSUL", "reboot", "a", "--all"], "expected names of nodes, or --all"),
    (["fleet", "--consul", "a:1", "drain", "a", "--timeout", "soon"], "expected a duration"),
    (["fleet", "--consul", "a:1", "drain", "a", "--at-once", "0"], "expected a number from 1 on"),
    (["something"], "usage"),
])  # fmt: skip
def test_what_is_wrong_with_a_command_is_said(words: list[str], said: str) -> None:
    with served([{"Node": "a", "Address": "127.0.0.1", "ServiceAddress": "", "ServicePort": 1}]) as consul:
        words = [word.replace("CONSUL", f"127.0.0.1:{consul}") for word in words]
        done = subprocess.run([UEBO, *words], capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr, done


def test_a_node_that_nobody_knows_is_no_node() -> None:
    with pytest.raises(nodes.Trouble, match="there is no node x; there are: n1, n2"):
        nodes.chosen(NODES[:2], ["n2", "x"])
    assert nodes.chosen(NODES, ["n3", "n1", "n3"]) == [NODES[2], NODES[0]]


# --- how it goes through them


def test_one_after_the_other_and_no_further_than_the_first_that_fails() -> None:
    said: list[str] = []

    def work(node: Node) -> str:
        if node.name == "n3":
            raise rolling.Failed("it did not come back within 1 s")
        return "back"

    assert not rolling.roll(NODES, 1, work, said.append)
    assert said == ["n1: begun", "n1: back", "n2: begun", "n2: back", "n3: begun", "n3: FAILED: it did not come back within 1 s", "not begun: n4 n5"]


def test_as_many_at_a_time_as_were_asked_for_and_what_is_begun_is_ended() -> None:
    together, most, lock = set(), 0, threading.Lock()
    meet, failure_told = threading.Barrier(2), threading.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "FAILED" in line:
            failure_told.set()

    def work(node: Node) -> str:
        nonlocal most
        with lock:
            together.add(node.name)
            most = max(most, len(together))
        meet.wait(30)
        with lock:
            together.discard(node.name)
        if node.name == "n1":
            raise rolling.Failed("no")
        failure_told.wait(30)
        return "back"

    assert not rolling.roll(NODES, 2, work, say)
    assert most == 2
    assert {"n1: FAILED: no", "n2: back"} <= set(said) and said[-1] == "not begun: n3 n4 n5"


def test_all_that_go_well_are_success() -> None:
    assert rolling.roll(NODES, 3, lambda node: "back", lambda line: None)


def ssh_that(tmp_path: Path, script: str) -> rolling.Shell:
    file = tmp_path / "ssh"
    file.write_text(f"#!/bin/sh\nshift\n{script}\n")
    file.chmod(0o755)
    return rolling.Shell([str(file)])


def test_a_node_is_back_when_it_has_booted_anew_and_works(tmp_path: Path) -> None:
    boots = tmp_path / "boots"
    boots.write_text("1")
    shell = ssh_that(tmp_path, f'case "$1" in *boot_id) cat {boots};; "uebo reboot") echo 2 >{boots};; *) exit 9;; esac')
    with served(DOCUMENT) as port:
        assert "back after" in rolling.reboot(shell, Node("n", "127.0.0.1", port), "", 60)


def test_a_node_that_answers_but_did_not_boot_is_not_back(tmp_path: Path) -> None:
    shell = ssh_that(tmp_path, 'case "$1" in *boot_id) echo 1;; esac')
    with served(DOCUMENT) as port, pytest.raises(rolling.Failed, match="did not come back within 0 s"):
        rolling.reboot(shell, Node("n", "127.0.0.1", port), "", 0)


def test_a_node_whose_tasks_are_not_safe_is_not_rebooted(tmp_path: Path) -> None:
    shell = ssh_that(tmp_path, f'case "$1" in *boot_id) echo 1;; "uebo drain"*) echo "without a checkpoint: t"; exit 7;; *) touch {tmp_path}/rebooted;; esac')
    with pytest.raises(rolling.Failed, match="without a checkpoint: t"):
        rolling.reboot(shell, NODES[0], "5m", 60)
    assert not (tmp_path / "rebooted").exists()
