"""The rack of all tests: its nodes boot once, and the tests go on from what the one before left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from rack import Rack
from support.guest import KEY
from support.machine import AARCH64, ARMHF


def pytest_sessionstart(session: pytest.Session) -> None:
    needed = [path for image in (AARCH64, ARMHF) for path in (image.kernel, image.initramfs)] + [KEY]
    if missing := [str(path) for path in needed if not path.exists()]:
        pytest.exit(f"there is no {' and no '.join(missing)}: tests/run rack makes them", returncode=3)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    rack = getattr(item, "funcargs", {}).get("rack")
    if report.failed and rack:
        with contextlib.suppress(OSError):  # Consul itself may be what is not there
            rack.keep(f"failed-{item.name}")
        for node in rack.nodes.values():
            report.sections.append((f"serial line of {node.name} ({node.serial_log})", node.console[-2000:]))


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    with Rack() as rack:
        rack.power_on()
        yield rack
