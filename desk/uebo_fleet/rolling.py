"""Something done to one node after the other, or to a few at a time: it ends at the first that does not come back."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from uebo_fleet import status
from uebo_fleet.nodes import Node

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"  # random(4): another at each boot
LOOK_EVERY = 2.0  # seconds
SSH_PATIENCE = 30.0  # seconds, to connect


class Failed(Exception):
    """Why a node's turn has ended badly."""


@dataclass(frozen=True)
class Shell:
    """Commands on a node. `ssh` is the command that reaches it, without the address."""

    ssh: list[str]

    def run(self, node: Node, command: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        words = [*self.ssh, f"root@{node.address}", command]
        return subprocess.run(words, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)


def drain(shell: Shell, node: Node, patience: str) -> str:
    """Its last line. The node bounds the time itself."""
    done = shell.run(node, f"uebo drain --timeout {patience}")
    said = (done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
    if done.returncode != 0:
        raise Failed(said)
    return said


def reboot(shell: Shell, node: Node, drain_first: str, back_within: float) -> str:
    """Until it answers after another boot: by ssh, and as one that works or could."""
    before = _boot_id(shell, node)
    if not before:
        raise Failed("it can't be reached by ssh")
    if drain_first:
        drain(shell, node, drain_first)
    began = time.monotonic()
    try:
        asked = shell.run(node, "uebo reboot", SSH_PATIENCE)
        if asked.returncode not in (0, 255):  # 255: the connection went with the node
            raise Failed((asked.stderr or asked.stdout).strip())
    except subprocess.TimeoutExpired:
        pass  # so does one that hears nothing more
    while time.monotonic() - began < back_within:
        time.sleep(LOOK_EVERY)
        now = _boot_id(shell, node)
        told = status.ask(node) if now and now != before else {"silent": ""}
        if status.answers(told) and told["state"] != "down":
            return f"back after {time.monotonic() - began:.0f} s, {told['state']}"
    raise Failed(f"it did not come back within {back_within:.0f} s")


def _boot_id(shell: Shell, node: Node) -> str:
    try:
        return shell.run(node, BOOT_ID, SSH_PATIENCE).stdout.strip()
    except subprocess.TimeoutExpired:
        return ""


def roll(nodes: list[Node], at_once: int, work: Callable[[Node], str], say: Callable[[str], None]) -> bool:
    """False: one has failed. Those that had been begun by then are finished, no other is begun."""
    left = list(nodes)
    begun: dict[Future[str], Node] = {}
    failed = False
    with ThreadPoolExecutor(at_once) as pool:
        while begun or (left and not failed):
            while left and not failed and len(begun) < at_once:
                node = left.pop(0)
                say(f"{node.name}: begun")
                begun[pool.submit(work, node)] = node
            for future in wait(begun, return_when=FIRST_COMPLETED).done:
                node = begun.pop(future)
                try:
                    say(f"{node.name}: {future.result()}")
                except (Failed, OSError, subprocess.SubprocessError) as error:
                    failed = True
                    say(f"{node.name}: FAILED: {error}")
    if failed and left:
        say(f"not begun: {' '.join(node.name for node in left)}")
    return not failed
