"""The record of what was run: for each case its outcome, its boards, its serial logs, and which run it was of; of each run
the commit and the images. A pytest plug-in.

A run with --full leaves it in out/tests/shown/: results.json and, beside it, the serial log of every guest of every case.
A run of all cases begins it anew; one of some of them takes the place of what it says about these.
Copied to tests/qemu/results.json, it is what buildsteps/readme-tables makes the README's table from.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.guest import Guest
from support.machine import IMAGES, MACHINES, ROOT

SHOWN = ROOT / "out/tests/shown"


def group_of(item: pytest.Item) -> str:
    return Path(item.path).stem


def case_of(item: pytest.Item) -> str:
    """test_damaged_storage::test_it_is_not_mounted[ext4]: what a case is known by."""
    return f"{group_of(item)}::{item.name}"


def title_of(item: pytest.Item) -> str:
    """The test's name as a sentence, and what it was given."""
    name, _, given = item.name.partition("[")
    title = name.removeprefix("test_").replace("_", " ")
    return f"{title}: {given.rstrip(']')}" if given else title


def heading_of(item: pytest.Item) -> str:
    """The first sentence of the file's docstring."""
    text = " ".join((getattr(item, "module").__doc__ or group_of(item)).split("\n\n")[0].split())
    return re.split(r"[.:] ", text)[0].rstrip(".")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def images() -> dict[str, str]:
    """What was tested: architecture or platform -> SHA256 of its initramfs."""
    there = {machine.image for machine in MACHINES if machine.image.initramfs.exists()}
    return {image.arch: digest(image.initramfs) for image in sorted(there, key=lambda image: image.arch)}


class Recorder:
    """Collects while the tests run, writes at the end."""

    def __init__(self) -> None:
        self.groups: dict[str, str] = {}
        self.cases: dict[str, dict[str, Any]] = {}
        self.run = {
            "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
            "commit": git("describe", "--always", "--dirty", "--abbrev=12"),
            "images": images(),
        }
        SHOWN.mkdir(parents=True, exist_ok=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        chosen = [session.config.getoption(option) for option in ("keyword", "markexpr")]
        if not any(chosen) and all(Path(word).is_dir() for word in session.config.args):
            shutil.rmtree(SHOWN)
            SHOWN.mkdir()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome = yield
        report = outcome.get_result()  # type: ignore[attr-defined]
        self.groups[group_of(item)] = heading_of(item)
        case = self.cases.setdefault(case_of(item), {
            "case": case_of(item), "group": group_of(item), "title": title_of(item), "outcome": "passed", "boards": [],
            "serial": [], "seconds": 0.0,
        })  # fmt: skip
        case["seconds"] = round(case["seconds"] + report.duration, 1)
        if report.outcome != "passed":
            case["outcome"] = report.outcome
        if call.when != "setup":
            self._take_guests(item, case)

    def _take_guests(self, item: pytest.Item, case: dict[str, Any]) -> None:
        """The guests that the case was given, and those that it started itself."""
        given = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Guest)]
        for guest in dict.fromkeys([*given, *Guest.started_since_asked()]):
            if not guest.serial_log.exists():
                continue
            log = SHOWN / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', case['case'])}.{guest.name}.log"
            shutil.copyfile(guest.serial_log, log)
            case["serial"] = sorted({*case["serial"], log.name})
            case["boards"] = sorted({*case["boards"], guest.machine.name})

    def pytest_sessionfinish(self) -> None:
        record = read()
        runs = [*record["runs"], self.run]
        cases = {case["case"]: case for case in record["cases"]}
        cases |= {name: case | {"run": len(runs) - 1} for name, case in self.cases.items()}
        write(runs, record["groups"] | self.groups, [cases[name] for name in sorted(cases)])


def read() -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((SHOWN / "results.json").read_text())
        return record
    except FileNotFoundError:
        return {"runs": [], "groups": {}, "cases": []}


def write(runs: list[dict[str, Any]], groups: dict[str, str], cases: list[dict[str, Any]]) -> None:
    """Runs that no case is of any more are left out; of equal ones the first counts."""
    kept: list[dict[str, Any]] = []
    for case in cases:
        run = runs[case["run"]]
        if run not in kept:
            kept.append(run)
        case["run"] = kept.index(run)
    record = {"runs": kept, "groups": dict(sorted(groups.items())), "cases": cases}
    (SHOWN / "results.json").write_text(json.dumps(record, indent=1) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--full") and not config.getoption("--collect-only") and IMAGES.exists():
        config.pluginmanager.register(Recorder(), "recorder")
