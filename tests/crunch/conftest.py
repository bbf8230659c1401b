"""A node that crunches for the tests' project, and the project, which speaks TLS with a certificate that the image trusts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import pytest

from boincproject.application import Application, build
from boincproject.keys import Authority, SigningKey
from boincproject.project import Project, Work, element, elements
from boincproject.server import Server
from support import disks
from support.guest import KEY, WORK, Disk, Guest
from support.machine import AARCH64, ARMHF, ROOT, VIRT_AARCH64, VIRT_AARCH64_ARMHF, VIRT_ARMHF, Machine
from support.nfs_server import NfsServer
from support.time_server import TimeServer, time_server
from support.waiting import scale_deadlines, wait_for

KEPT = ROOT / "out/tests/crunch"  # what is left for people to look at
PASSWORD = "crunching-2b7e151628aed2a6"
ACCOUNT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
USUAL_BOOT = 12.0
BOOT_DEADLINE = 240.0
CORES = 2
# By hand, in the data directory: checkpoints and reports come as soon as a test wants them, and the half minute of the client's
# own benchmark is left out.
PREFERENCES = "<global_preferences>\n<disk_interval>3</disk_interval>\n</global_preferences>\n"
CONFIGURATION = (
    "<cc_config>\n<options>\n<skip_cpu_benchmarks>1</skip_cpu_benchmarks>\n"
    "<report_results_immediately>1</report_results_immediately>\n</options>\n</cc_config>\n"
)

MACHINES: dict[str, tuple[Machine, str, str]] = {
    "aarch64": (VIRT_AARCH64, "aarch64", "aarch64"),
    "armhf-on-aarch64": (VIRT_AARCH64_ARMHF, "armhf", "aarch64+armhf"),
    "armhf": (VIRT_ARMHF, "armhf", "armhf"),
}


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--collect-only"):
        return
    missing = [str(path) for path in (AARCH64.kernel, AARCH64.initramfs, ARMHF.kernel, KEY, WORK / "authority.pem") if not path.exists()]
    if missing:
        pytest.exit(f"there is no {' and no '.join(missing)}: tests/run crunch makes them", returncode=3)


@pytest.fixture(scope="session", name="time_server")
def running_time_server() -> Iterator[TimeServer]:
    with time_server() as server:
        yield server


def with_capacities(machine: Machine, capacities: tuple[int, ...], dtb: Path) -> Machine:
    """QEMU's own device tree of the machine, with capacity-dmips-mhz (Documentation/devicetree/bindings/cpu/cpu-capacity.txt)."""
    options = [*machine.options[:-2], "-smp", str(len(capacities))]
    subprocess.run([machine.program, *options, "-m", str(machine.memory), "-machine", f"dumpdtb={dtb}"], check=True, capture_output=True)
    for number, capacity in enumerate(capacities):
        subprocess.run(["fdtput", "-t", "i", dtb, f"/cpus/cpu@{number}", "capacity-dmips-mhz", str(capacity)], check=True)
    return replace(machine, options=options, dtb=str(dtb))


class Crunch:
    """`kind` is a key of MACHINES; with an NFS server that is where /storage lies, else on a disk. `capacities` are those of its
    processors, where they are not all alike."""

    def __init__(self, kind: str, name: str, clock: TimeServer, on_nfs: bool = False, capacities: tuple[int, ...] = (), arguments: str = "") -> None:
        machine, arch, image = MACHINES[kind]
        self.name = name
        self._keys = tempfile.TemporaryDirectory()
        folder = Path(self._keys.name)
        application: Application = build(arch, image)
        self.platform = application.platform
        self.project = Project(SigningKey.make(folder / "signing.pem"), [application])
        self.project.add_account(ACCOUNT)
        authority = Authority(WORK / "authority.pem", WORK / "authority.key")
        self.server = Server(self.project, "10.0.2.2", certificate=authority.vouch_for(folder, "IP:10.0.2.2"))
        data = folder / "storage/boinc"
        data.mkdir(parents=True)
        (data / "global_prefs_override.xml").write_text(PREFERENCES)
        (data / "cc_config.xml").write_text(CONFIGURATION)
        arguments += f" uebo.hostname={name} uebo.boinc.password={PASSWORD} uebo.boinc.remote_hosts=10.0.2.2 {clock.argument}"
        arguments += f" uebo.boinc.project={self.project.url},{ACCOUNT}"
        self.nfs: NfsServer | None = None
        devices: list[Disk] = []
        if on_nfs:
            self.nfs = NfsServer(name)
            shutil.copytree(data, self.nfs.data / "boinc")
            self.nfs.start()
            arguments += f" {self.nfs.argument}"
        else:
            devices = [Disk(disks.make_ext4(WORK / f"{name}.img", data.parent))]
        if capacities:
            machine = with_capacities(machine, capacities, folder / "machine.dtb")
        self.guest = Guest(name, append=arguments, disks=devices, machine=machine)

    def __enter__(self) -> Crunch:
        began = time.monotonic()
        self.guest.start()
        self.guest.wait_for_console("dropbear: running", BOOT_DEADLINE)
        scale_deadlines((time.monotonic() - began) / USUAL_BOOT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.guest.destroy()
        self.server.stop()
        if self.nfs:
            self.nfs.kill()
        self._keys.cleanup()
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{self.name}.log").write_text(self.project.log() + "\n")

    # --- what it does

    def _results(self) -> list[str]:
        return elements("result", self.guest.ask_boinc("<get_results/>", PASSWORD))

    def running(self) -> list[str]:
        """The names of the tasks that run."""
        return [element("name", text) for text in self._results() if element("active_task_state", text) == "1"]

    def pids(self) -> list[int]:
        """Of the tasks that run."""
        return [int(element("pid", text)) for text in self._results() if element("active_task_state", text) == "1"]

    def checkpoints(self) -> dict[str, float]:
        """Of each task with a process: the CPU time that is safe."""
        return {element("name", text): float(seconds) for text in self._results() if (seconds := element("checkpoint_cpu_time", text))}

    def all_cores_busy(self) -> list[str]:
        return wait_for(lambda: r if len(r := self.running()) >= CORES else [], f"{CORES} tasks run; {self.project.log()}", 150, 0.5)

    def safe(self, tasks: list[str]) -> dict[str, float]:
        """Waits until each has a checkpoint."""

        def all_safe() -> dict[str, float]:
            found = {name: seconds for name, seconds in self.checkpoints().items() if seconds > 0}
            return found if set(tasks) <= set(found) else {}

        return wait_for(all_safe, f"checkpoints of {tasks}", 120, 0.5)

    def on_disk(self) -> None:
        """Waits until what was downloaded is on the disk. The kernel writes it by timers of its own: 10 s until a page has expired,
        5 s between two looks for such, 5 s between two commits of ext4."""
        last = max(event.moment for event in self.project.events if event.text.endswith("is downloaded"))
        wait_for(lambda: time.monotonic() - last > 24, "the last download is old enough", 60, 0.5)

    def cut_power(self) -> None:
        self.project.say("the power is cut")
        self.guest.destroy()
        seen = len(self.guest.console)
        self.guest.start()
        self.guest.wait_for_console("boinc: running", BOOT_DEADLINE, after=seen)
        self.project.say("the node is up again")

    def reboot(self, command: str, deadline: float = 20) -> None:
        self.project.say(f"the node is told: {command}")
        self.guest.run(command, timeout=deadline)
        self.guest.drop_ssh()
        self.guest.wait_for_console("Restarting system", 120)
        seen = len(self.guest.console)
        self.guest.wait_for_console("boinc: running", BOOT_DEADLINE, after=seen)
        self.project.say("the node is up again")

    def credited(self, work: list[Work], deadline: float = 300) -> None:
        self.project.wait(lambda _: all(it.credited for it in work), "credit for all", deadline)
