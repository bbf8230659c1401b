"""README's table of boards: what was emulated, what passed the gate of device trees alone, what can't work and why.

From buildsteps/boards/*.toml and the record of the emulated runs (tests/qemu/results.json, written by tests/qemu/results.py).
That the limits which a board's file declares are those that were found is shown by tests/qemu/test_board_drivers.py.
"""

from __future__ import annotations

import pathlib
import tomllib
from typing import Any

from fleet.board import FOLDER
from readme.record import Case

_HEAD = "| board | in `fleet.toml` | image | what was shown | to know |\n|---|---|---|---|---|\n"


def table(cases: list[Case], folder: pathlib.Path = FOLDER) -> str:
    """Boards that work first, those that can't last, each by name. `cases`: of the record."""
    boards = {path.stem: tomllib.loads(path.read_text()) for path in folder.glob("*.toml")}
    order = sorted(boards, key=lambda name: ("unsupported" in boards[name], boards[name]["name"]))
    return _HEAD + "".join(_row(name, boards[name], cases) for name in order)


def _row(name: str, board: dict[str, Any], cases: list[Case]) -> str:
    if why := board.get("unsupported"):
        cells = [board["name"], "", "", "can't work", why]
    else:
        shown = [text for text in (_emulated(board, cases), _gate(board)) if text]
        to_know = [board.get("notes", ""), *(_sentence(limit) for limit in board.get("limits", {}).values())]
        cells = [board["name"], f"`{name}`", board["arch"], "; ".join(shown) or "nothing yet", " ".join(filter(None, to_know))]
    return "| " + " | ".join(cells) + " |\n"


def _emulated(board: dict[str, Any], cases: list[Case]) -> str:
    machines = set(board.get("qemu", []))
    outcomes = [case["outcome"] for case in cases if machines & set(case["boards"])]
    passed = outcomes.count("passed")
    if not passed:
        return ""
    counted = f"{passed} of {len(outcomes)}" if passed < len(outcomes) else f"{passed}"
    return f"emulated: {counted} {'test' if len(outcomes) == 1 else 'tests'}"


def _gate(board: dict[str, Any]) -> str:
    if not board.get("dtb"):
        return ""
    drivers = "drivers, within limits" if board.get("limits") else "drivers"
    return f"{drivers}, by a device tree of our own" if "own-device-tree" in board else f"{drivers}, by Debian's device tree"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
