"""README's made tables: what notices that one is stale, or that the record behind it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from readme import board_table, record, results_table
from readme.record import ROOT

HINT = "run buildsteps/readme-tables --record"
RECORD_HINT = "run tests/run qemu --full, copy out/tests/shown/results.json to tests/qemu, and " + HINT


def section(name: str) -> str:
    found = re.search(rf"<!-- {name}: [^\n]*-->\n(.*?)<!-- end of {name} -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found, f"README.md has no place for the table of {name}"
    return found[1]


def test_the_table_of_the_qemu_tests_is_that_of_the_record() -> None:
    assert section("results") == results_table.table(record.read()), HINT


def test_the_record_knows_every_case_of_the_qemu_tests() -> None:
    command = [sys.executable, "-m", "pytest", "qemu", "--full", "--collect-only", "-q"]
    listing = subprocess.run(command, cwd=ROOT / "tests", env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True,
                             text=True, check=False)  # fmt: skip
    assert listing.returncode == 0, listing.stdout + listing.stderr
    there = {f"{file}::{name}" for file, name in re.findall(r"^qemu/(\w+)\.py::(.+)$", listing.stdout, re.MULTILINE)}
    recorded = {case["case"] for case in record.read()["cases"]}
    assert there and recorded == there, RECORD_HINT


def test_the_record_is_of_commits_and_all_passed() -> None:
    shown = record.read()
    assert [run["commit"] for run in shown["runs"] if "dirty" in run["commit"]] == [], RECORD_HINT
    assert [case["case"] for case in shown["cases"] if case["outcome"] != "passed"] == []


def test_a_case_that_failed_is_seen_in_the_table() -> None:
    case = {"case": "test_x::test_y", "group": "test_x", "title": "y", "run": 0, "outcome": "failed", "boards": ["virt"]}
    run = {"date": "d", "commit": "c", "images": {"aarch64": "0" * 64}}
    made = results_table.table({"runs": [run], "groups": {"test_x": "Things"}, "cases": [case]})
    assert "| Things | virt | 0 of 1 |" in made and "- y: **failed**" in made
    assert made.startswith("- d, commit `c`, 1 cases; images (SHA256 of `initramfs.zst`): aarch64 `000000000000`\n")


# --- boards


def test_the_table_of_boards_is_that_of_the_files_and_the_record() -> None:
    assert section("boards") == board_table.table(record.read()["cases"]), HINT


def board_file(folder: Path, text: str) -> Path:
    (folder / "b.toml").write_text(f'name = "B"\n{text}')
    return folder


def row(folder: Path, cases: list[record.Case]) -> str:
    return board_table.table(cases, folder).splitlines()[2]


def test_what_was_emulated_is_counted_from_the_record(tmp_path: Path) -> None:
    folder = board_file(tmp_path, 'arch = "armhf"\ndtb = ["b.dtb"]\nqemu = ["b, fast"]\nnotes = "Small."\n')
    cases: list[record.Case] = [{"outcome": "passed", "boards": ["b, fast"]}, {"outcome": "passed", "boards": ["c"]}]
    assert row(folder, cases) == "| B | `b` | armhf | emulated: 1 test; drivers, by Debian's device tree | Small. |"
    cases += [{"outcome": "failed", "boards": ["c", "b, fast"]}]
    assert "| emulated: 1 of 2 tests; drivers" in row(folder, cases)
    assert row(folder, []) == "| B | `b` | armhf | drivers, by Debian's device tree | Small. |"


def test_limits_and_reasons_are_told(tmp_path: Path) -> None:
    folder = board_file(tmp_path, 'arch = "armhf"\ndtb = ["b.dtb"]\nnotes = "Small."\n[limits]\nmmc = "no card"\n')
    assert row(folder, []) == "| B | `b` | armhf | drivers, within limits, by Debian's device tree | Small. No card. |"
    assert row(board_file(tmp_path, 'unsupported = "too old"\n'), []) == "| B |  |  | can't work | too old |"
