"""Guests that many tests share. At most two run at a time: the clean one, and one that something is wrong with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import disks
from support.cross import static_program
from support.guest import KEY, WORK, Disk, Guest
from support.machine import AARCH64
from support.time_server import TimeServer, time_server
from support.waiting import scale_deadlines, wait_for

PASSWORD = "Needle-of-the-tests-7f3a9c"
# A boot to ssh on an idle machine with two cores. What is slower gets longer deadlines.
USUAL_BOOT = 12.0
FIRST_BOOT_DEADLINE = 240.0


pytest_plugins = ["results"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the tests marked `full`, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    items[:] = [item for item in items if not item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("--collect-only"):
        return
    missing = [str(path) for path in (AARCH64.kernel, AARCH64.initramfs, KEY) if not path.exists()]
    if missing:
        pytest.exit(f"there is no {' and no '.join(missing)}: tests/run qemu makes them", returncode=3)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Guest):
                report.sections.append((f"serial line of {value.name} ({value.serial_log})", value.console[-3000:]))


@pytest.fixture(scope="session", name="time_server")
def running_time_server() -> Iterator[TimeServer]:
    with time_server() as server:
        yield server


# --- the clean guest: the image as it is, nothing missing


class MemoryProbe(threading.Thread):
    """Takes what is used one minute after the node exporter answers, while nobody disturbs the guest."""

    def __init__(self, guest: Guest) -> None:
        super().__init__(daemon=True)
        self.guest = guest
        self.metrics: dict[str, float] = {}

    def run(self) -> None:
        wait_for(self.guest.node_exporter, "the node exporter answers", FIRST_BOOT_DEADLINE, 0.5)
        answered = time.monotonic()
        wait_for(lambda: time.monotonic() >= answered + 60, "a minute passes", 70, 1)
        self.metrics = self.guest.node_exporter() or {}


@pytest.fixture(scope="session", autouse=True)
def clean_boot(time_server: TimeServer) -> Iterator[tuple[Guest, MemoryProbe]]:
    """Boots while the first tests run on other guests; its boot alone measures the machine."""
    disk = disks.make_ext4(WORK / "clean.img")
    arguments = f"uebo.hostname=clean uebo.boinc.password={PASSWORD} uebo.boinc.remote_hosts=10.0.2.2"
    guest = Guest("clean", append=f"{arguments} {time_server.argument}", disks=[Disk(disk)]).start()
    Guest.started_since_asked()  # no case's own
    try:
        started = time.monotonic()
        guest.wait_for_console("dropbear: running", FIRST_BOOT_DEADLINE)
        boot = time.monotonic() - started
        print(f"boot to dropbear: {boot:.1f} s")
        scale_deadlines(boot / USUAL_BOOT)
        probe = MemoryProbe(guest)
        probe.start()
        yield guest, probe
    finally:
        guest.destroy()


@pytest.fixture(scope="session")
def clean(clean_boot: tuple[Guest, MemoryProbe]) -> Guest:
    """The clean guest, when its memory has been measured."""
    guest, probe = clean_boot
    probe.join(timeout=FIRST_BOOT_DEADLINE + 120)
    guest.wait_for_ssh()
    return guest


@pytest.fixture(scope="session")
def memory(clean_boot: tuple[Guest, MemoryProbe], clean: Guest) -> dict[str, float]:
    assert clean_boot[1].metrics, "the node exporter did not answer"
    return clean_boot[1].metrics


# --- what is laid over an image


@pytest.fixture(scope="session")
def helper() -> Path:
    """The static helper for guests, see inside.cpp."""
    return static_program(Path(__file__).with_name("inside.cpp"))


@pytest.fixture(scope="session")
def usr_with_a_broken_service() -> Path:
    """The image's /usr with one service file more, which is no JSON."""
    return disks.pack_usr(AARCH64.folder / "parts/root/usr", WORK / "usr.img", {"lib/uebo/services/broken.json": '{"description": "cut o'})
