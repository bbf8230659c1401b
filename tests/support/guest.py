"""An emulated board: boots the real image, and is talked to as a person would: serial line, ssh, ports, QEMU's monitor."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from support.daemons import free_port
from support.machine import ROOT, VIRT_AARCH64, Machine
from support.waiting import scaled, wait_for

WORK = ROOT / "out/tests/qemu"
KEY = WORK / "id_ed25519"

Json = dict[str, Any]


@dataclass
class Disk:
    file: Path
    device: str = ""  # the machine's usual one
    controller: str = ""  # the device that it hangs on, where that is one of its own
    options: str = ""  # of the drive: readonly=on


@dataclass(eq=False)
class Guest:
    _started: ClassVar[list[Guest]] = []

    name: str
    append: str = ""
    disks: list[Disk] = field(default_factory=list)
    initramfs: Path | None = None  # the image's own
    memory: int = 0  # MiB; the machine's usual
    extra: list[str] = field(default_factory=list)
    machine: Machine = VIRT_AARCH64
    network: str = ""  # options of QEMU's user network, "" for the usual; "none" leaves the network to `extra`
    work: Path = WORK  # where its serial log and its directory lie

    def __post_init__(self) -> None:
        self.directory = self.work / self.name
        self.directory.mkdir(parents=True, exist_ok=True)
        # A socket's path has room for 107 characters, of which ssh takes 17 for itself.
        self._sockets = tempfile.TemporaryDirectory(prefix="uebo-")
        self.serial_log = self.work / f"{self.name}.log"
        self.ports = {22: free_port(), 9100: free_port(), 9101: free_port(), 9109: free_port(), 31416: free_port()}
        self.qemu: subprocess.Popen[bytes] | None = None
        self._serial: socket.socket | None = None
        self._monitor: socket.socket | None = None
        self._console = bytearray()
        self._known = threading.Condition()
        self.started = 0.0

    # --- life

    def command(self) -> list[str]:
        machine = self.machine
        command = machine.command(self.append, self.initramfs or machine.image.initramfs, self.memory or machine.memory)
        command += ["-display", "none", "-no-user-config", "-monitor", "none"]
        command += ["-chardev", f"socket,id=line,path={self._path('serial')},server=on,wait=off,logfile={self.serial_log}"]
        command += ["-serial", "chardev:line", "-qmp", f"unix:{self._path('monitor')},server=on,wait=off"]
        command += self._network() + [word for number, disk in enumerate(self.disks) for word in self._disk(number, disk)]
        return command + self.extra

    def _network(self) -> list[str]:
        if self.network == "none":
            return []
        user = "user" + (f",{self.network}" if self.network else "")
        user += "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for guest, host in self.ports.items())
        if not self.machine.nic:
            return ["-nic", user]
        return ["-netdev", f"{user},id=net0", "-device", f"{self.machine.nic},netdev=net0"]

    def _disk(self, number: int, disk: Disk) -> list[str]:
        drive = ",".join(["file=" + str(disk.file), "format=raw,cache=unsafe", *filter(None, [disk.options])])
        device = disk.device or self.machine.disk
        if device == "sd":
            return ["-drive", f"if=sd,{drive}"]
        controller = ["-device", disk.controller] if disk.controller else []
        return ["-drive", f"if=none,id=disk{number},{drive}", *controller, "-device", f"{device},drive=disk{number}"]

    def _path(self, what: str) -> Path:
        return Path(self._sockets.name) / what

    def start(self) -> Guest:
        for stale in ("serial", "monitor", "ssh"):
            self._path(stale).unlink(missing_ok=True)
        self.serial_log.unlink(missing_ok=True)
        errors = (self.directory / "qemu.log").open("wb")
        self.started = time.monotonic()
        self.qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        errors.close()
        Guest._started.append(self)
        self._serial = self._connect("serial")
        threading.Thread(target=self._read_serial, daemon=True).start()
        self._monitor = self._connect("monitor")
        self._monitor.settimeout(30)
        self._answers = self._monitor.makefile("r")
        self._answers.readline()
        self.monitor("qmp_capabilities")
        return self

    @classmethod
    def started_since_asked(cls) -> list[Guest]:
        """The guests that were started since this was asked last."""
        started, cls._started = cls._started, []
        return started

    def _connect(self, what: str) -> socket.socket:
        def attempt() -> socket.socket | None:
            assert self.qemu and self.qemu.poll() is None, (self.directory / "qemu.log").read_text()
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._path(what)))
                return connection
            except OSError:
                connection.close()
                return None

        return wait_for(attempt, f"QEMU of {self.name} listens")

    def _read_serial(self) -> None:
        assert self._serial
        while True:
            try:
                data = self._serial.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self._known:
                self._console += data
                self._known.notify_all()

    def destroy(self) -> None:
        subprocess.run([*self._ssh_base(), "-O", "exit", "root@guest"], capture_output=True, check=False)
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
        if self.qemu:
            self.qemu.wait()
        for connection in (self._serial, self._monitor):
            if connection:
                connection.close()

    def is_running(self) -> bool:
        return self.qemu is not None and self.qemu.poll() is None

    def wait_for_power_off(self, deadline: float = 60) -> None:
        wait_for(lambda: not self.is_running(), f"{self.name} switches itself off", deadline)

    # --- the serial line

    @property
    def console(self) -> str:
        """What the serial line has shown, as plain text."""
        with self._known:
            text = self._console.decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "")

    def console_lines(self, text: str) -> list[str]:
        return [line for line in self.console.splitlines() if text in line]

    def wait_for_console(self, text: str, deadline: float = 60, after: int = 0) -> str:
        return wait_for(lambda: c if text in (c := self.console)[after:] else "", f"{self.name} shows {text!r}", deadline, 0.05)

    def type(self, text: str) -> None:
        assert self._serial
        self._serial.sendall(text.encode())

    # --- ssh

    def _ssh_options(self) -> list[str]:
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR", "BatchMode": "yes",
            "IdentitiesOnly": "yes", "IdentityFile": str(KEY), "ConnectTimeout": str(round(scaled(4))), "HostName": "127.0.0.1",
            "ControlMaster": "auto", "ControlPath": str(self._path("ssh")), "ControlPersist": "120",
        }  # fmt: skip
        return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def _ssh_base(self) -> list[str]:
        return ["ssh", "-F", "none", "-p", str(self.ports[22]), *self._ssh_options()]

    def ssh_command(self) -> list[str]:
        """For programs that start ssh themselves; the host's name is `guest`."""
        return self._ssh_base()

    def try_run(self, command: str, timeout: float = 60, given: str = "") -> subprocess.CompletedProcess[str]:
        """`given` is the command's standard input."""
        try:
            return subprocess.run([*self._ssh_base(), "root@guest", command], input=given, capture_output=True, text=True,
                                  errors="replace", timeout=scaled(timeout), check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 255, "", f"no end within {scaled(timeout):.0f} s")

    def run(self, command: str, timeout: float = 60) -> str:
        result = self.try_run(command, timeout)
        assert result.returncode == 0, f"{self.name}: {command}: exit {result.returncode}: {result.stdout}{result.stderr}"
        return result.stdout

    def drop_ssh(self) -> None:
        """The connection is that of an earlier boot."""
        subprocess.run([*self._ssh_base(), "-O", "exit", "root@guest"], capture_output=True, check=False)
        self._path("ssh").unlink(missing_ok=True)

    def wait_for_ssh(self, deadline: float = 120) -> float:
        """Returns the seconds since the start of QEMU."""
        if self.machine.own_loader:
            # Nobody knocks before Linux is there: a packet that comes in between costs U-Boot a block, and QEMU's TFTP server
            # never sends one again.
            self.wait_for_console("dropbear: running", deadline)
        said: list[str] = []

        def reachable() -> bool:
            assert self.is_running(), f"{self.name} has gone: {self.serial_log}"
            result = self.try_run("true")
            said.append(f"{time.monotonic() - self.started:.0f} s: {result.stderr.strip()}")
            return result.returncode == 0

        try:
            wait_for(reachable, f"{self.name} is reachable by ssh", deadline, 0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}; ssh said: {said[-8:]}; serial line: {self.serial_log}") from None
        return time.monotonic() - self.started

    def copy_to(self, source: Path, target: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["scp", "-F", "none", "-P", str(self.ports[22]), *self._ssh_options(), str(source),
                               f"root@guest:{target}"], capture_output=True, text=True, timeout=scaled(60), check=False)  # fmt: skip

    # --- UEBO

    def status(self, name: str = "") -> Json:
        result = self.try_run(f"uebo status --json {name}")
        assert result.stdout, f"{self.name}: status {name}: {result.stderr}"
        answer: Json = json.loads(result.stdout)
        unit: Json = answer.get("unit", answer)
        return unit

    def state(self, name: str) -> str:
        return str(self.status(name)["state"])

    def wait_for_state(self, name: str, state: str, deadline: float = 60) -> Json:
        def reached() -> Json | None:
            status = self.status(name)
            return status if status["state"] == state else None

        return wait_for(reached, f"{self.name}: {name} is {state}", deadline, 0.3)

    def wait_until_up(self, name: str, deadline: float = 60) -> None:
        """Running, or ready where it says when it is."""
        wait_for(lambda: self.status(name)["up"], f"{self.name}: {name} is up", deadline, 0.3)

    def wait_for_name(self, name: str, deadline: float = 60) -> None:
        """ssh may answer before the identity job has run."""
        wait_for(lambda: self.run("hostname").strip() == name, f"{self.name} calls itself {name}", deadline, 0.5)

    def wait_for_storage(self, deadline: float = 60) -> list[str]:
        """The words of its line in /proc/mounts: source, place, type, options."""
        line = wait_for(lambda: self.try_run("grep ' /storage ' /proc/mounts").stdout, f"{self.name} has /storage", deadline, 0.5)
        return line.split()

    def conditions(self) -> dict[str, dict[str, str]]:
        conditions: dict[str, dict[str, str]] = self.status()["conditions"]
        return conditions

    def storage_mount(self) -> list[str]:
        """Source and type of what is mounted on /storage; nothing where nothing is."""
        mounts = [line.split() for line in self.run("cat /proc/mounts").splitlines()]
        return next((mount[:3:2] for mount in mounts if mount[1] == "/storage"), [])

    def boinccmd(self, *words: str, password: str | None) -> subprocess.CompletedProcess[str]:
        # In an empty directory: the client's tool takes a password that lies where it is.
        secret = ["--passwd", password] if password is not None else []
        return subprocess.run(["boinccmd", "--host", f"127.0.0.1:{self.ports[31416]}", *secret, *words], cwd=self.directory,
                              capture_output=True, text=True, timeout=scaled(60), check=False)  # fmt: skip

    def ask_boinc(self, request: str, password: str | None = None) -> str:
        """One GUI RPC; without a password, one that nobody has authorized. Empty where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports[31416]), timeout=scaled(30)) as connection:
                if password is not None:
                    nonce = re.search(r"<nonce>(.*?)</nonce>", self._exchange(connection, "<auth1/>"))
                    proof = hashlib.md5(((nonce[1] if nonce else "") + password).encode()).hexdigest()
                    self._exchange(connection, f"<auth2>\n<nonce_hash>{proof}</nonce_hash>\n</auth2>")
                return self._exchange(connection, request)
        except ConnectionError:
            return ""

    def boinc_platforms(self, password: str) -> set[str]:
        """What the stock client says that it runs."""
        self.wait_for_state("boinc", "running", 120)

        def state() -> str:
            answer = self.ask_boinc("<get_state/>", password)
            return answer if "</client_state>" in answer else ""

        return set(re.findall(r"<platform>([^<]*)</platform>", wait_for(state, f"{self.name}: BOINC tells its state", 90, 1)))

    def _exchange(self, connection: socket.socket, request: str) -> str:
        connection.sendall(f"<boinc_gui_rpc_request>\n{request}\n</boinc_gui_rpc_request>\n\3".encode())
        answer = b""
        while b"\3" not in answer:
            data = connection.recv(65536)
            if not data:
                break
            answer += data
        return answer.decode(errors="replace")

    def scrape(self, port: int) -> str:
        """What an exporter answers, nothing while nobody does. Anything but a 200 is an error."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/metrics", timeout=scaled(20)) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise
        except OSError:
            return ""

    def samples(self, port: int) -> dict[str, float] | None:
        """The samples of a scrape, by name and labels as they are written; none while nobody answers."""
        text = self.scrape(port)
        if not text:
            return None
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in pairs}

    def node_exporter(self) -> dict[str, float] | None:
        """The metrics without labels, or none while nobody answers."""
        samples = self.samples(9100)
        return samples and {name: value for name, value in samples.items() if "{" not in name}

    # --- QEMU's monitor

    def monitor(self, execute: str, **arguments: Any) -> Any:
        assert self._monitor
        self._monitor.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._answers.readline())
            if "error" in answer:
                raise AssertionError(f"{execute}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def plug_usb_disk(self, file: Path, name: str = "late", read_only: bool = False) -> None:
        """Into a controller that is there: `extra` has one, qemu-xhci."""
        # Without a lock: one file may be a stick that is pulled out, and come back as another.
        self.monitor("blockdev-add", **{"driver": "raw", "node-name": name, "read-only": read_only,
                                        "file": {"driver": "file", "filename": str(file), "locking": "off"}})  # fmt: skip
        self.plug_usb_disk_again(name)

    def plug_usb_disk_again(self, name: str = "late") -> None:
        # QEMU lets the disk of a device that was pulled out go a moment later.
        wait_for(lambda: name not in self._disks_in_use(), f"nobody uses the disk {name}")
        self.monitor("device_add", driver="usb-storage", id=f"stick-{name}", drive=name)

    def _disks_in_use(self) -> set[str]:
        return {str(block.get("inserted", {}).get("node-name")) for block in self.monitor("query-block")}

    def pull_usb_disk(self, name: str = "late") -> None:
        self.monitor("device_del", id=f"stick-{name}")
