"""The record of the last full run of the QEMU tests, tests/qemu/results.json; tests/qemu/results.py writes it and says what is in it."""

import json
import pathlib
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
Record = dict[str, Any]
Case = dict[str, Any]


def read() -> Record:
    record: Record = json.loads((ROOT / "tests/qemu/results.json").read_text())
    return record
