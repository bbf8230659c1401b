"""Drivers of every board: what its device tree needs for network, storage and processor is in the image, or its file says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from image import boards
from support.machine import AARCH64, ARMHF, ROOT, Image

KNOWN = [(image, board) for image in (AARCH64, ARMHF) for board in boards.load(ROOT / "buildsteps/boards", image.arch)]
WORKING = [(image, board) for image, board in KNOWN if not board.unsupported]


def report_of(image: Image) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((image.folder / "boards.json").read_text())
    return report


@pytest.mark.parametrize(("image", "board"), KNOWN, ids=[board.id for _, board in KNOWN])
def test_what_a_board_lacks_is_what_its_file_declares(image: Image, board: boards.Board) -> None:
    assert report_of(image)[board.id]["disagreements"] == []


@pytest.mark.parametrize(("image", "board"), WORKING, ids=[board.id for _, board in WORKING])
def test_its_device_trees_and_drivers_are_in_the_image(image: Image, board: boards.Board) -> None:
    verdict = report_of(image)[board.id]
    assert sorted(board.dtbs) == verdict["device-trees"]
    assert all((image.folder / "dtbs" / name).is_file() for name in board.dtbs)
    modules = {Path(path).name.split(".ko")[0].replace("-", "_") for path in (image.folder / "parts/modules/lib").rglob("*.ko*")}
    asked = {name for names in verdict["modules"].values() for name in names}
    assert asked <= modules and (asked or not board.dtbs)
