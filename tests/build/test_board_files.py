"""The files of buildsteps/boards: each says what the build and the fleet read, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fleet import board, board_table
from fleet.board import FOLDER, ROOT

FILES = sorted(FOLDER.glob("*.toml"))
KEYS = {"name", "arch", "compatible", "dtb", "console", "memory", "notes", "modules", "load", "limits", "unsupported", "qemu",
        "kernel-format", "uimage-load", "raspberry-pi-firmware", "u-boot", "loader", "own-device-tree", "limits-seen-with"}  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_board_file_has_what_is_needed(file: Path) -> None:
    data = tomllib.loads(file.read_text())
    assert data.keys() <= KEYS
    limited = "limits" in data or ("unsupported" in data and "dtb" in data)
    assert ("limits-seen-with" in data) == limited, "a limit is one of some series of kernels"
    if "unsupported" in data:
        return
    assert {"name", "arch", "compatible", "console", "notes"} <= data.keys()
    assert data.get("dtb") or data.get("modules"), "its modules come from a device tree or by name"
    assert "u-boot" not in data or data.get("memory"), "without the memory's size nobody knows what fits"
    own = data.get("own-device-tree")
    if own:
        source = (FOLDER / "device-trees" / own["changes"]).read_text()
        assert "NOT TESTED ON HARDWARE" in source


def test_every_source_of_a_device_tree_is_some_boards() -> None:
    used = {tomllib.loads(file.read_text()).get("own-device-tree", {}).get("changes") for file in FILES}
    assert {path.name for path in (FOLDER / "device-trees").iterdir()} == used - {None}


def test_boards_that_cannot_work_have_a_reason_and_are_no_boards_of_a_fleet() -> None:
    assert board.unsupported().keys() == {"raspberry-pi-1", "raspberry-pi-5"}
    assert all(len(why) > 20 for why in board.unsupported().values())
    assert not board.unsupported().keys() & board.load().keys()


# --- README's table


def test_the_readmes_table_of_boards_is_that_of_the_files() -> None:
    text = (ROOT / "README.md").read_text()
    shown = text.split("<!-- boards: ", 1)[1].split("-->\n", 1)[1].split("<!-- end of boards -->")[0]
    assert shown == board_table.table(), "buildsteps/readme-tables makes it anew"


def board_file(folder: Path, text: str) -> Path:
    (folder / "b.toml").write_text(f'name = "B"\n{text}')
    return folder


def row(folder: Path, cases: list[dict[str, object]]) -> str:
    return board_table.table(folder, cases).splitlines()[2]


def test_what_was_emulated_is_counted_from_the_record(tmp_path: Path) -> None:
    folder = board_file(tmp_path, 'arch = "armhf"\ndtb = ["b.dtb"]\nqemu = ["b, fast"]\nnotes = "Small."\n')
    cases: list[dict[str, object]] = [{"outcome": "passed", "boards": ["b, fast"]}, {"outcome": "passed", "boards": ["c"]}]
    assert row(folder, cases) == "| B | `b` | armhf | emulated: 1 test; drivers, by Debian's device tree | Small. |"
    cases += [{"outcome": "failed", "boards": ["c", "b, fast"]}]
    assert "| emulated: 1 of 2 tests; drivers" in row(folder, cases)
    assert row(folder, []) == "| B | `b` | armhf | drivers, by Debian's device tree | Small. |"


def test_limits_and_reasons_are_told(tmp_path: Path) -> None:
    folder = board_file(tmp_path, 'arch = "armhf"\ndtb = ["b.dtb"]\nnotes = "Small."\n[limits]\nmmc = "no card"\n')
    assert row(folder, []) == "| B | `b` | armhf | drivers, within limits, by Debian's device tree | Small. No card. |"
    assert row(board_file(tmp_path, 'unsupported = "too old"\n'), []) == "| B |  |  | can't work | too old |"


def test_without_a_record_nothing_was_emulated(tmp_path: Path) -> None:
    assert board_table.record(tmp_path / "results.json") == []
