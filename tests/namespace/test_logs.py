"""Logs of services that write too much, crash, or are wanted elsewhere; the syslog server is a real rsyslogd."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from node import BINARY, Node
from support.waiting import wait_for

# The sanitizers make each command and each look several times slower than they are on a board.
LONGEST_ANSWER = 5.0
LARGEST_SHARE = 0.5


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"torrent line (\d+) \.", text)]


# --- a service that writes too much


def test_a_torrent_of_lines_keeps_nobody_waiting(node: Node, record_property: Any) -> None:
    for name in ("torrent-1", "torrent-2"):
        node.service(name, "torrent=50", log={"size": "100k", "count": 2})
    node.service("quiet", "wait")
    node.start()
    wait_for(lambda: node.status("torrent-1")["log_dropped"] > 100_000, "the torrent is more than can be kept", 60)
    began, used = time.monotonic(), cpu_seconds(node.pid)
    before = node.status("torrent-1")["log_lines"]
    answers = []
    while time.monotonic() - began < 5:
        asked = time.monotonic()
        assert node.state("quiet") == "running"
        answers.append(time.monotonic() - asked)
    took = time.monotonic() - began
    share = (cpu_seconds(node.pid) - used) / took
    rate = (node.status("torrent-1")["log_lines"] - before) * 100 / took / 2**20
    print(f"longest answer {max(answers):.3f} s, PID 1's share {share:.3f}, {rate:.1f} MiB/s of one service")
    assert max(answers) < LONGEST_ANSWER
    assert share < LARGEST_SHARE
    assert sum(path.stat().st_size for path in (node.logs / "torrent-1").iterdir()) <= 2 * 102_400


def test_the_end_of_a_torrent_is_kept(node: Node) -> None:
    node.service("torrent", "torrent=50", log={"size": "100k", "count": 3})
    node.start()
    wait_for(lambda: node.status("torrent")["log_dropped"] > 10_000, "lines were lost", 60)
    os.kill(node.main_pid("torrent"), signal.SIGKILL)
    assert node.uebo("stop", "torrent").returncode == 0
    node.wait_for_state("torrent", "stopped")
    last = node.uebo("logs", "-n", "50", "torrent").stdout
    assert numbers(last), last
    status = node.status("torrent")
    files = "".join(file.read_text() for file in (node.logs / "torrent").iterdir())
    told = sum(int(count) for count in re.findall(r"\((\d+) lines were lost here\)", files))
    assert 0 < told <= status["log_dropped"] < status["log_lines"]


def test_the_last_lines_of_a_failed_run_stay_in_status(node: Node) -> None:
    node.service("crash", *[f"say=step {number}" for number in range(20)], "die-by=SEGV", restart="never")
    node.service("fine", "say=hello", "wait")
    node.start()
    node.wait_for_state("crash", "failed")
    failed = node.status("crash")["failed_run"]
    assert failed["reason"].startswith("signal 11 (SEGV)")
    assert failed["lines"] == [f"step {number}" for number in range(10, 20)]
    shown = node.uebo("status", "crash").stdout
    assert "failed run" in shown and "    | step 19\n" in shown
    assert "failed_run" not in node.status("fine")


def test_a_run_that_was_stopped_has_not_failed(node: Node) -> None:
    node.service("deaf", "ignore=TERM", "say=ready", "wait", stop={"timeout": "200ms"})
    node.start()
    node.wait_for_log("deaf", "ready")
    assert node.uebo("stop", "deaf").returncode == 0
    node.wait_for_state("deaf", "stopped")
    assert "failed_run" not in node.status("deaf")


# --- reading


def test_logs_of_several_services_are_followed_through_rotation(node: Node) -> None:
    go = node.directory / "go"
    small = {"size": "4k", "count": 20}
    for name in ("one", "two"):
        node.service(name, "say=ready", f"until-file={go}", "flood=1000", "say=the end", "wait", log=small)
    node.start()
    for name in ("one", "two"):
        node.wait_for_log(name, "ready")
    shown = node.directory / "shown"
    with shown.open("wb") as output:
        # A shell has what it runs in the background ignore SIGINT, these tests too.
        follow = subprocess.Popen(node.inside(str(BINARY), "logs", "-f", "one", "two"), stdout=output,
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    wait_for(lambda: shown.read_text().count("ready") == 2, "what there was is shown")
    go.touch()
    wait_for(lambda: shown.read_text().count("the end") == 2, "both are followed to their end")
    os.kill(int(Path(f"/proc/{follow.pid}/task/{follow.pid}/children").read_text().split()[0]), signal.SIGINT)
    follow.wait(timeout=15)
    text = shown.read_text()
    assert text.endswith("\n")
    for name in ("one", "two"):
        lines = [line.split(" | ", 1)[1].split(" ", 1)[1] for line in text.splitlines() if line.startswith(name)]
        assert lines == ["ready", *(f"flood line {number}" for number in range(1000)), "the end"]


def test_following_ends_when_nobody_reads_it(node: Node) -> None:
    node.service("chatty", "torrent=0.1")
    node.start()
    node.wait_for_log("chatty", "torrent line")
    follow = subprocess.Popen(node.inside(str(BINARY), "logs", "-f", "chatty"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert follow.stdout and follow.stderr
    follow.stdout.readline()
    follow.stdout.close()
    follow.wait(timeout=15)
    assert follow.stderr.read() == b""


# --- elsewhere


def test_copies_go_on_where_they_stood_when_the_storage_is_back(node: Node) -> None:
    copies = node.directory / "copies"
    copies.mkdir()
    node.service("disk", "say=mounted", type="job", restart="never", provides=["storage"], stop={"command": ["/bin/true"]})
    node.file("log-copy", {"description": "copies", "command": [str(BINARY), "log-copy", str(copies)], "needs": ["storage"],
                           "directories": [{"path": "/run/uebo/log-copy", "mode": "0750"}]})
    node.service("talker", "say=one", f"until-file={node.directory}/go", "say=two", "wait")
    node.start()
    copy = copies / "talker/current"
    wait_for(lambda: copy.exists() and "one" in copy.read_text(), "the first line is copied")
    assert node.uebo("stop", "disk").returncode == 0
    node.wait_for_state("log-copy", "waiting")
    (node.directory / "go").touch()
    node.wait_for_log("talker", "two")
    assert "two" not in copy.read_text()
    assert node.uebo("start", "disk").returncode == 0
    wait_for(lambda: "two" in copy.read_text(), "what came meanwhile is copied")
    assert copy.read_text() == node.log("talker"), "nothing twice"
    assert "running" in (copies / "uebo/current").read_text()


RSYSLOGD = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
RSYSLOG_CONF = """
module(load="imudp")
template(name="json" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="time" name="timestamp" dateFormat="rfc3339" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
ruleset(name="file") {{ action(type="omfile" file="{file}" template="json") }}
input(type="imudp" address="127.0.0.1" port="5514" ruleset="file")
"""


@pytest.mark.skipif(RSYSLOGD is None, reason="no rsyslogd here")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a user namespace of one user has no other")
def test_a_syslog_server_gets_all_lines_the_early_ones_too(node: Node) -> None:
    received = node.directory / "received"
    conf = node.directory / "rsyslog.conf"
    conf.write_text(RSYSLOG_CONF.format(file=received))
    node.service("early", "say=before the network", "say=error: no carrier", "say=grüße", "wait")
    node.service("link", "say=up", type="job", restart="never", provides=["net"], enabled=False)
    node.file("syslog", {"description": "syslog", "command": [str(BINARY), "syslog"], "user": "uebo-log", "needs": ["net"],
                         "sandbox": {"read_write_paths": ["/run/uebo/syslog"]},
                         "environment": {"UEBO_SYSLOG": "127.0.0.1:5514"},
                         "directories": [{"path": "/run/uebo/syslog", "owner": "uebo-log:uebo-log", "mode": "0750"}]})
    node.start()
    node.wait_for_log("early", "gr")
    assert node.run("sh", "-c", "ip link set lo up && hostname pine-07 && echo synced > /run/uebo/clock").returncode == 0
    assert RSYSLOGD
    server = subprocess.Popen(node.inside(RSYSLOGD, "-n", "-f", str(conf), "-i", str(node.directory / "rsyslog.pid")))
    try:
        wait_for(lambda: node.run("sh", "-c", "ss -lun | grep -q :5514").returncode == 0, "rsyslogd listens")
        assert node.uebo("start", "link").returncode == 0

        def messages() -> list[dict[str, str]]:
            text = received.read_text() if received.exists() else ""
            return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

        def have(app: str, text: str) -> dict[str, str] | None:
            return next((m for m in messages() if m["app"] == app and text in m["text"]), None)

        plain = wait_for(lambda: have("early", "before the network"), "the early line arrives", 30)
        assert (plain["host"], plain["severity"], plain["facility"]) == ("pine-07", "info", "daemon")
        assert plain["time"][:19] == node.log("early")[:19], "its own time"
        error = wait_for(lambda: have("early", "no carrier"), "the second one, too")
        assert (error["severity"], error["text"].strip()) == ("err", "error: no carrier")
        assert wait_for(lambda: have("early", "grüße"), "UTF-8 comes through")
        assert wait_for(lambda: have("uebo", "early: running"), "PID 1's own lines are among them")
        before = len([m for m in messages() if m["app"] == "early"])
        os.kill(node.main_pid("syslog"), signal.SIGKILL)
        wait_for(lambda: node.status("syslog")["restarts"] == 1 and node.state("syslog") == "running", "it is started again")
        wait_for(lambda: have("uebo", "syslog: signal 9"), "it goes on")
        assert len([m for m in messages() if m["app"] == "early"]) == before, "nothing is sent twice"
    finally:
        server.terminate()
        server.wait()
