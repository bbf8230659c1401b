"""A supervisor as PID 1 of namespaces of its own, with services that a test describes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("UEBO_BUILD", ROOT / "out/host-asan"))
BINARY = BUILD / "uebo"
MISBEHAVE = BUILD / "misbehave"

# /run and /var/log are private, so that control socket and logs have their usual places, and the users are those of the
# image; the cgroup tree is that of the machine.
PREPARE = f"""
mount -t tmpfs -o mode=755 run /run && mkdir -p /run/uebo && mount --bind "$0" /var/log &&
mount --bind {ROOT}/rootfiles/etc/passwd /etc/passwd && mount --bind {ROOT}/rootfiles/etc/group /etc/group && exec "$@"
"""

Json = dict[str, Any]


def cgroup2_root() -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2" and os.access(fields[1], os.W_OK):
            return Path(fields[1])
    return None


def _group_of(user: str) -> int:
    lines = (ROOT / "rootfiles/etc/passwd").read_text().splitlines()
    return int(next(fields[3] for line in lines if (fields := line.split(":"))[0] == user))


class Node:
    def __init__(self, directory: Path, cgroup: Path) -> None:
        self.directory = directory
        self.services = directory / "services"
        self.overlays = directory / "overlays"
        self.logs = directory / "log"
        self.services.mkdir()
        self.overlays.mkdir()
        self.logs.mkdir()
        self.cgroup = cgroup
        self.output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0

    # --- services

    def file(self, name: str, content: Json | str) -> Path:
        path = self.services / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def service(self, name: str, *habits: str, **keys: Any) -> None:
        self.file(name, {"description": f"test service {name}", "command": [str(MISBEHAVE), *habits], **keys})

    def overlay(self, name: str, content: Json | str) -> Path:
        path = self.overlays / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    # --- life

    def start(self, *options: str) -> None:
        command = ["unshare", "--fork", "--pid", "--mount-proc", "--mount", "--uts", "--ipc", "--net", "--kill-child"]
        if os.geteuid() != 0:
            command += ["--user", "--map-root-user"]
        command += ["sh", "-c", PREPARE, str(self.logs), str(BINARY), "supervise", "--services", str(self.services)]
        command += ["--cgroup", str(self.cgroup), "--log", str(self.logs), "--control", "/run/uebo/control"]
        command += ["--overlays", str(self.overlays), *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.pid = wait_for(self._supervisor_pid, "the supervisor runs as PID 1")
        wait_for(lambda: self.uebo("status").returncode == 0, "the control socket answers")

    def _supervisor_pid(self) -> int:
        assert self.process
        assert self.process.poll() is None, f"it ended at once: {self.said()}"
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[1:2] == [b"supervise"]:
                    return int(child)
            except OSError:
                continue
        return 0

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait_for_end(self, deadline: float = 15.0) -> int:
        assert self.process
        process = self.process
        wait_for(lambda: process.poll() is not None, "the supervisor has ended", deadline)
        return process.returncode

    def destroy(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.cgroup.exists():
            wait_for(self._cgroup_gone, "the cgroups of the test are empty")

    def _cgroup_gone(self) -> bool:
        try:
            (self.cgroup / "cgroup.kill").write_text("1")
            for directory, _, _ in os.walk(self.cgroup, topdown=False):
                os.rmdir(directory)
        except OSError:
            return False
        return True

    # --- commands, run inside

    def inside(self, *command: str, user: str | None = None) -> list[str]:
        """That command, run in the namespaces, and as a user of the image."""
        enter = ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-u", "-i"]
        if os.geteuid() != 0:
            enter += ["-U", "--preserve-credentials"]
        become = ["setpriv", f"--reuid={user}", f"--regid={_group_of(user)}", "--clear-groups"] if user else []
        return [*enter, "--", *become, *command]

    def run(self, *command: str, timeout: float = 60, user: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.inside(*command, user=user), capture_output=True, text=True, timeout=timeout, check=False)

    def uebo(self, *words: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.run(str(BINARY), *words, user=user)

    def status(self, name: str) -> Json:
        result = self.uebo("status", "--json", name)
        assert result.stdout, f"status {name}: {result.stderr}"
        answer: Json = json.loads(result.stdout)
        unit: Json = answer.get("unit", answer)
        return unit

    def state(self, name: str) -> str:
        return str(self.status(name)["state"])

    def wait_for_state(self, name: str, state: str, deadline: float = 15.0) -> Json:
        def reached() -> Json | None:
            status = self.status(name)
            return status if status["state"] == state else None

        return wait_for(reached, f"{name} is {state}", deadline)

    # --- what can be seen

    def log(self, name: str) -> str:
        path = self.logs / name / "current"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_log(self, name: str, text: str, deadline: float = 15.0) -> str:
        return wait_for(lambda: self.log(name) if text in self.log(name) else "", f"{name} logs {text!r}", deadline)

    def processes(self, name: str) -> list[int]:
        """Of a service, as this side of the namespace numbers them."""
        try:
            return [int(pid) for pid in (self.cgroup / name / "cgroup.procs").read_text().split()]
        except FileNotFoundError:
            return []

    def main_pid(self, name: str) -> int:
        """The main process, as this side numbers it."""
        inside = int(self.status(name)["pid"])
        for pid in self.processes(name):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("NSpid:") and int(line.split()[-1]) == inside:
                    return pid
        raise AssertionError(f"{name}: no process {inside} among {self.processes(name)}")
