"""The files of buildsteps/boards: each says what the build and the fleet read, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fleet import board
from fleet.board import FOLDER

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


def test_a_line_of_a_16550_has_its_speed() -> None:
    """Without it the kernel takes 9600, and the boot loader's 115200 or 1500000 is lost (serial8250_console_setup())."""
    consoles = [kind.console for kind in board.load().values() if kind.console.startswith("ttyS")]
    assert len(consoles) >= 10 and all(console.split(",")[1].isdigit() for console in consoles)


def test_boards_that_cannot_work_have_a_reason_and_are_no_boards_of_a_fleet() -> None:
    assert board.unsupported().keys() == {"raspberry-pi-1", "raspberry-pi-5"}
    assert all(len(why) > 20 for why in board.unsupported().values())
    assert not board.unsupported().keys() & board.load().keys()
