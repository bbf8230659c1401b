"""How services say that they are ready and that they live, under the real supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import Json, Node
from support.waiting import wait_for

SEND = """
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(sys.argv[2].encode(), "\\0" + sys.argv[1][1:])
"""


def loopback(node: Node) -> None:
    assert node.run("ip", "link", "set", "lo", "up").returncode == 0


def wait_for_exit(node: Node, name: str, reason: str) -> Json:
    def ended() -> Json | None:
        status = node.status(name)
        return status if reason in str(status.get("last_exit")) else None

    return wait_for(ended, f"{name} has ended: {reason}")


# --- each kind, and who needs it


def kinds(directory: Path) -> dict[str, tuple[str, list[str]]]:
    return {
        "notify": ("notify", ["notify=READY=1"]),
        "helper": ("notify", ["notify-by-child=STATUS=here,READY=1"]),
        "descriptor": ("fd:7", ["ready-descriptor=7"]),
        "port": ("tcp:4711", ["listen-tcp=4711"]),
        "socket": (f"unix:{directory}/socket", [f"listen-unix={directory}/socket"]),
    }


@pytest.mark.parametrize("kind", ["notify", "helper", "descriptor", "port", "socket"])
def test_who_needs_a_service_starts_when_it_is_ready(node: Node, kind: str) -> None:
    ready, habits = kinds(node.directory)[kind]
    go = node.directory / "go"
    node.service("base", "say=begun", f"until-file={go}", *habits, "wait", ready=ready)
    node.service("above", "say=begun", "wait", needs=["base"])
    node.start()
    loopback(node)
    node.wait_for_log("base", "begun")
    status = node.wait_for_state("base", "running")
    assert not status["up"]
    assert node.status("above")["waits_for"] == ["base"]
    assert node.log("above") == ""
    go.touch()
    assert node.wait_for_state("base", "ready")["up"]
    node.wait_for_state("above", "running")
    assert node.status("base")["restarts"] == 0


def test_a_simple_service_is_up_at_once(node: Node) -> None:
    node.service("base", "wait")
    node.start()
    assert node.wait_for_state("base", "running")["up"]


def test_what_a_service_says_of_itself_is_shown(node: Node) -> None:
    node.service("talks", "notify=READY=1,STATUS=three of four", "wait", ready="notify")
    node.start()
    node.wait_for_state("talks", "ready")
    assert node.status("talks")["detail"] == "three of four"


# --- too late


@pytest.mark.parametrize(("ready", "habit"), [("notify", "notify=STATUS=soon"), ("fd:3", "close-output"), ("tcp:4711", "say=x")])
def test_a_service_that_is_never_ready_is_started_again(node: Node, ready: str, habit: str) -> None:
    node.service("slow", habit, "wait", ready=ready, ready_timeout="300ms")
    node.start()
    loopback(node)
    status = wait_for_exit(node, "slow", "ready")
    assert status["exits"]["start-deadline"] >= 1, status["exits"]


def test_a_slow_service_may_ask_for_more_time(node: Node) -> None:
    extend = ["notify=EXTEND_TIMEOUT_USEC=2000000", "nap=300"]
    node.service("slow", *extend * 4, "notify=READY=1", "wait", ready="notify", ready_timeout="800ms")
    node.start()
    status = node.wait_for_state("slow", "ready")
    assert status["restarts"] == 0 and "last_exit" not in status


# --- the watchdog of a service


def test_a_service_that_gives_no_sign_of_life_is_started_again(node: Node) -> None:
    once = node.directory / "once"
    node.service("stuck", "notify=READY=1", f"stuck-once={once}", "ping=1000000:100", ready="notify", watchdog="3s")
    node.start()
    node.wait_for_log("stuck", "stuck now")
    status = wait_for_exit(node, "stuck", "watchdog")
    assert status["exits"]["watchdog"] == 1
    wait_for(lambda: node.status("stuck")["restarts"] == 1, "it runs again")
    node.wait_for_state("stuck", "ready")


def test_a_service_that_gives_signs_of_life_lives(node: Node) -> None:
    node.service("lives", "ping=80:100", "say=lived", "wait", watchdog="5s")
    node.start()
    node.wait_for_log("lives", "lived", 60)
    assert node.status("lives")["restarts"] == 0


def test_a_service_may_say_that_it_is_stuck(node: Node) -> None:
    node.service("honest", "nap=100", "notify=WATCHDOG=trigger", "wait", watchdog="1h")
    node.start()
    wait_for_exit(node, "honest", "watchdog")


# --- who may speak


def test_nobody_else_can_say_it_for_a_service(node: Node) -> None:
    address = node.directory / "address"
    node.service("base", "show-environment=NOTIFY_SOCKET", f"until-file={address}", "notify=STATUS=own", "wait", ready="notify")
    node.start()
    line = node.wait_for_log("base", "@")
    name = line.split()[-1]
    assert node.run("python3", "-c", SEND, name, "READY=1").returncode == 0
    address.touch()
    wait_for(lambda: node.status("base").get("detail") == "own", "its own word is heard")
    assert node.state("base") == "running"
    assert "which is not one of its own" in node.said()


def test_a_flood_of_messages_starves_nobody(node: Node) -> None:
    node.service("flood", "notify-flood=STATUS=again", watchdog="1h")
    node.service("good", "nap=500", "notify=READY=1", "ping=20:100", "say=pinged", "wait", ready="notify", watchdog="1s")
    node.start()
    node.wait_for_state("good", "ready")
    node.wait_for_log("good", "pinged")
    assert node.status("good")["restarts"] == 0
    before = ticks_of(node.pid)
    wait_for(lambda: node.status("flood")["running_for"] > 4, "some seconds of flood")
    assert ticks_of(node.pid) - before < 200, "PID 1 is not busy with it"


def ticks_of(pid: int) -> int:
    """User and system time in hundredths of a second, as proc(5) has them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
