"""The control command against a running supervisor: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import xml.etree.ElementTree

from node import BINARY, Node
from support.waiting import wait_for


def test_exit_codes(node: Node) -> None:
    node.service("runs", "wait")
    node.service("rests", "wait", enabled=False)
    node.service("fails", "exit=1", restart="never")
    node.start()
    node.wait_for_state("runs", "running")
    node.wait_for_state("fails", "failed")
    assert node.uebo("status").returncode == 0
    assert node.uebo("status", "runs").returncode == 0
    assert node.uebo("status", "rests").returncode == 3
    assert node.uebo("status", "fails").returncode == 6
    for verb in ("status", "start", "stop", "restart", "enable", "disable", "logs"):
        assert node.uebo(verb, "nobody").returncode == 4, verb
    assert node.uebo("start").returncode == 2
    assert node.uebo("dance").returncode == 2
    assert node.uebo("status", "--no-such-option").returncode == 2


def test_without_a_supervisor_the_command_fails_and_says_so() -> None:
    result = subprocess.run(["unshare", "--mount", *(["-r"] if os.geteuid() else []), "sh", "-c",
                             'mount -t tmpfs run /run; exec "$@"', "sh", str(BINARY), "status"],
                            capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 1
    assert result.stderr.strip()


def test_status_is_a_table_for_people_and_json_for_programs(node: Node) -> None:
    node.service("runs", "wait")
    node.service("waits", "wait", needs=["storage"])
    node.start()
    node.wait_for_state("runs", "running")
    table = node.uebo("status").stdout
    line = next(line for line in table.splitlines() if line.startswith("waits"))
    assert "waiting" in line and "storage" in line
    everything = json.loads(node.uebo("status", "--json").stdout)
    units = {unit["name"]: unit for unit in everything["units"]}
    assert units["runs"]["state"] == "running" and units["runs"]["pid"] > 1
    assert units["waits"]["waits_for"] == ["storage"]


def test_boot_tells_what_was_waited_for_as_words_and_as_a_picture(node: Node) -> None:
    node.service("base", "wait")
    node.service("above", "wait", needs=["base"])
    node.service("waits", "wait", needs=["storage"])
    node.start()
    node.wait_for_state("above", "running")
    kept = node.uebo("boot", "--json").stdout
    units = {unit["name"]: unit for unit in json.loads(kept)["units"]}
    assert units["base"]["up"] <= units["above"]["started"] <= units["above"]["up"]
    assert units["waits"]["waits_on"] == ["storage"] and "started" not in units["waits"]
    text = node.uebo("boot").stdout
    chain = text.split("\n\n")[1].splitlines()
    assert text.startswith("above came up last") and chain[-2].endswith(" base") and chain[-1].endswith(" above")
    drawn = node.uebo("boot", "--svg").stdout
    assert xml.etree.ElementTree.fromstring(drawn).tag.endswith("svg")
    # PID 1 is not asked again: on another machine there is none.
    assert subprocess.run([BINARY, "boot", "--svg", "--from", "/dev/stdin"], input=kept, capture_output=True, text=True,
                          timeout=30, check=True).stdout == drawn


def test_stop_start_restart(node: Node) -> None:
    node.service("base", "wait")
    node.service("above", "wait", needs=["base"])
    node.start()
    node.wait_for_state("above", "running")
    first = node.status("base")["pid"]
    assert node.uebo("restart", "base").returncode == 0
    second = wait_for(lambda: pid if (pid := node.status("base").get("pid")) not in (None, first) else 0, "a new process")
    node.wait_for_state("above", "running")
    assert node.uebo("stop", "base").returncode == 0
    node.wait_for_state("base", "stopped")
    assert node.status("above")["waits_for"] == ["base"]
    assert node.uebo("start", "base").returncode == 0
    assert node.wait_for_state("base", "running")["pid"] != second
    node.wait_for_state("above", "running")


def test_logs_show_and_follow(node: Node) -> None:
    go = node.directory / "go"
    node.service("talks", "say=first words", f"until-file={go}", "say=more words", "wait")
    node.start()
    node.wait_for_log("talks", "first words")
    assert "first words" in node.uebo("logs", "talks").stdout
    command = ["nsenter", "-t", str(node.pid), "-m", *(["-U", "--preserve-credentials"] if os.geteuid() else [])]
    with subprocess.Popen([*command, "--", str(BINARY), "logs", "-f", "talks"], stdout=subprocess.PIPE, text=True) as follow:
        assert follow.stdout
        assert "first words" in follow.stdout.readline()
        go.touch()
        assert "more words" in follow.stdout.readline()
        follow.send_signal(signal.SIGINT)
        follow.terminate()


def test_poweroff_ends_the_supervisor_in_order(node: Node) -> None:
    trace = node.directory / "trace"
    node.service("tidy", "on=TERM", "say=ready", "until-signal", f"append={trace}:tidied")
    node.start()
    node.wait_for_log("tidy", "ready")
    answer = node.uebo("poweroff")
    assert answer.stdout == "the node is shutting down\n"
    assert answer.returncode in (0, -9), "the command lives in the namespace, and may be killed with it"
    assert node.wait_for_end() == 0
    assert trace.read_text() == "tidied\n"


def test_help_is_everywhere(node: Node) -> None:
    node.start()
    assert "status" in node.uebo("--help").stdout
    for verb in ("status", "start", "stop", "restart", "enable", "disable", "logs", "check", "boot", "poweroff", "reboot"):
        result = node.uebo(verb, "--help")
        assert result.returncode == 0 and result.stdout.strip(), verb
