"""Services of all manners under the real supervisor, as PID 1 of its own namespaces."""

from __future__ import annotations

import os
import pwd
import signal
from pathlib import Path

import pytest

from node import Json, Node
from support.waiting import wait_for

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a user namespace of one user has no other")


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


# --- restarts


def test_a_killed_service_is_back_at_once_and_then_backs_off(node: Node) -> None:
    node.service("victim", "wait")
    node.start()
    node.wait_for_state("victim", "running")
    first = node.main_pid("victim")
    os.kill(first, signal.SIGKILL)

    def restarted() -> Json | None:
        status = node.status("victim")
        return status if status["restarts"] == 1 and status["state"] == "running" else None

    status = wait_for(restarted, "victim runs again")
    assert status["last_exit"] == "signal 9 (KILL)"
    assert node.main_pid("victim") != first
    os.kill(node.main_pid("victim"), signal.SIGKILL)
    status = node.wait_for_state("victim", "backoff")
    assert 0 < status["next_try_in"] <= 1.1
    assert node.wait_for_state("victim", "running")["restarts"] == 2


def test_a_service_that_always_fails_is_shown_as_a_crash_loop(node: Node) -> None:
    node.service("loop", "say=here we go", "exit=7")
    node.start()
    status = node.wait_for_state("loop", "crash-loop", deadline=30)
    assert status["last_exit"] == "exit code 7"
    assert status["restarts"] == 5
    assert "loop: exit code 7; 5 failures in a row" in node.said()
    assert node.log("loop").count("here we go") == 5


def test_nothing_of_an_old_run_is_left_when_the_next_one_begins(node: Node) -> None:
    seen = node.directory / "go"
    node.service("messy", "child", "descendant", "descendant", "say=ready", f"until-file={seen}", "exit=1")
    node.start()
    node.wait_for_log("messy", "ready")
    before = set(wait_for(lambda: p if len(p := node.processes("messy")) == 4 else None, "four processes"))
    seen.touch()
    wait_for(lambda: node.status("messy")["restarts"] >= 1, "messy was started again")
    assert not [pid for pid in before if exists(pid)]


def test_a_service_that_forks_into_the_background_counts_as_ended(node: Node) -> None:
    node.service("oldschool", "descendant", "exit=0", restart="never")
    node.start()
    node.wait_for_state("oldschool", "done")
    assert node.processes("oldschool") == []


def test_a_crash_by_signal_is_named(node: Node) -> None:
    node.service("crash", "die-by=SEGV", restart="never")
    node.start()
    assert node.wait_for_state("crash", "failed")["last_exit"].startswith("signal 11 (SEGV)")


def test_exec_failure_tells_stage_and_reason(node: Node) -> None:
    node.file("absent", {"description": "absent", "command": ["/nowhere/daemon"], "restart": "never"})
    node.service("lost", "wait", working_directory="/nowhere", restart="never")
    node.service("stranger", "wait", user="no-such-user", restart="never")
    node.start()
    assert node.wait_for_state("absent", "failed")["last_exit"] == "exec /nowhere/daemon: No such file or directory"
    assert "working directory /nowhere: No such file" in node.wait_for_state("lost", "failed")["last_exit"]
    assert node.wait_for_state("stranger", "failed")["last_exit"] == "user no-such-user: is not in /etc/passwd"


# --- stopping


def test_stop_asks_then_kills(node: Node) -> None:
    node.service("polite", "on=TERM", "say=ready", "until-signal")
    node.service("deaf", "ignore=TERM", "say=ready", "wait", stop={"timeout": "300ms"})
    node.start()
    for name in ("polite", "deaf"):
        node.wait_for_log(name, "ready")
        assert node.uebo("stop", name).returncode == 0
        node.wait_for_state(name, "stopped")
    assert "caught TERM" in node.log("polite")
    assert node.status("deaf")["last_exit"] == "signal 9 (KILL)"


def test_stop_kills_the_whole_cgroup(node: Node) -> None:
    node.service("parent", "on=TERM", "child", "descendant", "say=ready", "until-signal")
    node.start()
    node.wait_for_log("parent", "ready")
    processes = wait_for(lambda: p if len(p := node.processes("parent")) == 3 else None, "three processes")
    assert node.uebo("stop", "parent").returncode == 0
    node.wait_for_state("parent", "stopped")
    assert not [pid for pid in processes if exists(pid)]
    assert not (node.cgroup / "parent").exists()


def test_a_stop_signal_and_a_stop_command_of_its_own(node: Node) -> None:
    trace = node.directory / "trace"
    from node import MISBEHAVE

    node.service("special", "on=USR1", "say=ready", "until-signal", f"append={trace}:caught",
                 stop={"signal": "USR1", "command": [str(MISBEHAVE), f"append={trace}:command"]})
    node.start()
    node.wait_for_log("special", "ready")
    assert node.uebo("stop", "special").returncode == 0
    node.wait_for_state("special", "stopped")
    assert trace.read_text().split() == ["command", "caught"]


def test_orphans_are_reaped(node: Node) -> None:
    node.service("litter", "orphans=20", "say=littered", "wait")
    node.start()
    node.wait_for_log("litter", "littered")

    def zombies() -> list[str]:
        found = []
        for pid in Path(f"/proc/{node.pid}/task/{node.pid}/children").read_text().split():
            status = Path(f"/proc/{pid}/status")
            if status.exists() and "State:\tZ" in status.read_text():
                found.append(pid)
        return found

    wait_for(lambda: len(node.processes("litter")) == 1, "the orphans have ended")
    wait_for(lambda: not zombies(), "no zombies are left")


# --- shutdown


def test_shutdown_stops_in_reverse_order_of_need(node: Node) -> None:
    trace = node.directory / "trace"
    for name, needs in (("a", []), ("b", ["a"]), ("c", ["b"])):
        node.service(name, "on=TERM", f"append={trace}:{name}-up", "until-signal", f"append={trace}:{name}-down", needs=needs)
    node.start()
    node.wait_for_state("c", "running")
    wait_for(lambda: trace.exists() and "c-up" in trace.read_text(), "c is up")
    node.signal(signal.SIGTERM)
    assert node.wait_for_end() == 0
    assert trace.read_text().split()[-3:] == ["c-down", "b-down", "a-down"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGPWR])
def test_signals_to_pid_1_shut_down_in_order(node: Node, number: signal.Signals) -> None:
    node.service("deaf", "ignore=TERM", "descendant", "say=ready", "wait", stop={"timeout": "200ms"})
    node.service("broken", "exit=1")
    node.start()
    node.wait_for_log("deaf", "ready")
    node.signal(number)
    assert node.wait_for_end() == 0
    assert not node.cgroup.exists() or not list(node.cgroup.glob("*/cgroup.procs"))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD])
def test_other_signals_change_nothing(node: Node, number: signal.Signals) -> None:
    node.service("steady", "wait")
    node.start()
    pid = node.wait_for_state("steady", "running")["pid"]
    node.signal(number)
    assert node.status("steady")["pid"] == pid


# --- jobs, needs, conditions


def test_a_job_provides_what_a_daemon_needs(node: Node) -> None:
    code = node.directory / "code"
    code.write_text("1")
    node.service("find", f"exit-by-file={code}", "say=found it", type="job", restart="never", provides=["storage"],
                 settles=["storage-settled"])
    node.service("user", "wait", needs=["storage"])
    node.service("other", "wait", needs=["storage-settled"])
    node.start()
    node.wait_for_state("find", "failed")
    node.wait_for_state("other", "running")
    assert node.status("user")["waits_for"] == ["storage"]
    code.unlink()
    assert node.uebo("start", "find").returncode == 0
    node.wait_for_state("user", "running")
    assert node.status("find")["state"] == "done"
    assert "find: found it (" in node.said(), "a job speaks by its last line"


def test_a_job_past_its_deadline_is_killed(node: Node) -> None:
    node.service("slow", "descendant", "wait", type="job", restart="never", deadline="200ms")
    node.start()
    assert node.wait_for_state("slow", "failed")["last_exit"] in ("not done by its deadline", "signal 9 (KILL)")
    assert node.processes("slow") == []


def test_a_template_runs_by_its_instances(node: Node) -> None:
    node.service("getty@", "say=on %i", "wait")
    node.start()
    assert node.uebo("start", "getty@ttyS0").returncode == 0
    node.wait_for_log("getty@ttyS0", "on ttyS0")
    assert node.uebo("status", "getty@tty1").returncode == 4


def test_a_disabled_service_waits_for_a_word(node: Node) -> None:
    node.service("quiet", "wait", enabled=False)
    node.start()
    assert node.status("quiet")["state"] == "stopped"
    assert node.uebo("start", "quiet").returncode == 0
    node.wait_for_state("quiet", "running")


# --- bad files


def test_a_bad_service_file_costs_one_line_and_nothing_else(node: Node) -> None:
    node.file("broken", '{"description": "x", "command": ["/bin/true"')
    node.file("misspelt", {"description": "x", "command": ["/bin/true"], "restrat": "never"})
    node.service("good", "wait")
    node.start()
    node.wait_for_state("good", "running")
    said = node.said().splitlines()
    assert len([line for line in said if "broken.json" in line]) == 1
    misspelt = [line for line in said if "misspelt.json" in line]
    assert len(misspelt) == 1 and "restrat" in misspelt[0] and "restart" in misspelt[0]
    assert node.uebo("status", "broken").returncode == 4


# --- privileges


@root_only
def test_a_user_of_its_own_has_no_privilege_and_no_way_to_one(node: Node) -> None:
    node.service("nobody", "show-status", "say=shown", "wait", user="nobody", oom_score_adjust=123, nice=7)
    node.start()
    shown = dict(line.split(" ", 1)[1].split(":\t", 1) for line in node.wait_for_log("nobody", "shown").splitlines() if ":\t" in line)
    uid = pwd.getpwnam("nobody").pw_uid
    assert shown["Uid"].split() == [str(uid)] * 4
    assert shown["Gid"].split() == [str(pwd.getpwnam("nobody").pw_gid)] * 4
    assert shown["Groups"].split() == [str(pwd.getpwnam("nobody").pw_gid)]
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(shown[capabilities], 16) == 0, capabilities
    assert shown["NoNewPrivs"] == "1"
    assert int(shown["SigBlk"], 16) == 0
    pid = node.main_pid("nobody")
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "123"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 7


def test_bind_mounts_are_seen_by_the_service_alone(node: Node) -> None:
    source, target = node.directory / "source", node.directory / "target"
    source.mkdir()
    target.mkdir()
    (source / "file").write_text("from the source\n")
    bind = {"source": str(source), "target": str(target), "read_only": True}
    node.service("bound", f"show-file={target}/file", f"write-file={target}/new", "say=shown", "wait", binds=[bind])
    node.start()
    log = node.wait_for_log("bound", "shown")
    assert "from the source" in log
    assert "cannot write" in log and "Read-only file system" in log
    assert list(target.iterdir()) == []


# --- logs


def test_logs_are_rotated_and_bounded(node: Node) -> None:
    node.service("flood", "flood=5000", "say=the end", "wait", log={"size": "10k", "count": 3})
    node.start()
    node.wait_for_log("flood", "the end")
    files = sorted(path.name for path in (node.logs / "flood").iterdir())
    assert files == ["current", "current.1", "current.2"]
    assert sum(path.stat().st_size for path in (node.logs / "flood").iterdir()) <= 3 * 10_240
    status = node.status("flood")
    assert status["log_lines"] == 5001 and status["log_dropped"] == 0


def test_last_words_without_a_line_end_are_kept(node: Node) -> None:
    node.service("words", "partial=last words", "exit=1", restart="never")
    node.start()
    node.wait_for_state("words", "failed")
    assert node.log("words").endswith(" last words\n")


def test_a_service_that_closes_its_output_runs_on(node: Node) -> None:
    node.service("mute", "say=before", "close-output", "wait")
    node.start()
    node.wait_for_log("mute", "before")
    assert node.state("mute") == "running"
