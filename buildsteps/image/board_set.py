"""All boards of an architecture: their device trees, the modules that these ask for, and the gate's report."""

from __future__ import annotations

import pathlib
import shutil
from typing import Any

from image import board_gate, board_modules, boards, device_tree
from image.board_modules import Choice, Tables
from image.boards import Board
from image.device_tree import DeviceTree
from image.drivers import Drivers


class Trees:
    """The device trees of the boards: those of the kernel's package, and what is made of them."""

    def __init__(self, source: pathlib.Path, changes: pathlib.Path, target: pathlib.Path) -> None:
        """`source`: the package's, `changes`: of our own, as source; `target` is made anew."""
        self.source = source
        self.changes = changes
        self.target = target
        self.warnings: list[str] = []
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()

    def take(self, board: Board) -> dict[str, DeviceTree]:
        """Into the target, where every loader finds them."""
        found = {}
        for number, name in enumerate(board.dtbs):
            target = self.target / name
            base = board.own.base if board.own and number == 0 else name
            source = boards.device_tree(self.source, base)
            if source is None:
                self.warnings.append(f"{board.name}: this kernel has no device tree {base}")
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if board.own and number == 0:
                boards.merge(source, self.changes / board.own.changes, target)
            else:
                shutil.copyfile(source, target)
            found[name] = device_tree.read(target)
        return found

    def look(self, board: Board) -> dict[str, DeviceTree]:
        """Those of a board that no image is for."""
        places = {name: boards.device_tree(self.source, name) for name in board.dtbs}
        return {name: device_tree.read(place) for name, place in places.items() if place}


class BoardSet:
    """What the boards ask for by their device trees, and what the gate says when the modules are chosen."""

    def __init__(self, known: list[Board], kernel: Drivers, trees: Trees, tables: Tables) -> None:
        self.kernel = kernel
        self.trees = trees
        self.tables = tables
        self.supported = {board: trees.take(board) for board in known if not board.unsupported}
        self.others = {board: trees.look(board) for board in known if board.unsupported}
        self.choices = {board: self._choices(found) for board, found in self.supported.items()}

    def _choices(self, found: dict[str, DeviceTree]) -> list[Choice]:
        return [board_modules.choose(tree, self.kernel, self.tables) for tree in found.values()]

    def modules(self) -> set[str]:
        return {name for choices in self.choices.values() for choice in choices for name in choice.all()}

    def lists(self) -> dict[str, list[str]]:
        """compatible of a board or its processor -> modules that no device asks for."""
        found: dict[str, list[str]] = {}
        for board, choices in self.choices.items():
            for choice in choices:
                found |= choice.listed
            if board.load:
                found[board.compatible] = found.get(board.compatible, []) + board.load
        return found

    def report(self, chosen: set[str]) -> dict[str, Any]:
        """By board: what drives its Ethernet, MMC and CPU supply, what is missing, where its file says otherwise, and the
        modules by compatible."""
        report = {board.id: self._supported(board, found, chosen) for board, found in self.supported.items()}
        return report | {board.id: self._unsupported(board, found) for board, found in self.others.items()}

    def _supported(self, board: Board, found: dict[str, DeviceTree], chosen: set[str]) -> dict[str, Any]:
        gate = self._gate(board, found, chosen)
        choices = self.choices[board]
        return {
            "name": board.name,
            "device-trees": sorted(found),
            "drivers": gate.found,
            "missing": gate.missing,
            **self._compared(board, gate.undeclared(board.limits), gate.outdated(board.limits)),
            "modules": {name: modules for choice in choices for name, modules in (choice.modules | choice.listed).items()},
            "without-driver": sorted({name for choice in choices for name in choice.without_driver}),
        }

    def _unsupported(self, board: Board, found: dict[str, DeviceTree]) -> dict[str, Any]:
        """Whether it could work with all that this kernel has."""
        gate = self._gate(board, found, set(self.kernel.modules.paths))
        passes = bool(board.dtbs) and not gate.missing
        outdated = ["declared unsupported, but this kernel has drivers for what the gate asks"] if passes else []
        named = {"name": board.name, "unsupported": board.unsupported, "drivers": gate.found, "missing": gate.missing}
        return named | self._compared(board, [], outdated)

    def _compared(self, board: Board, undeclared: list[str], outdated: list[str]) -> dict[str, list[str]]:
        """A limit that is gone is an error in the file with kernels of the series that it was seen with; with another, news."""
        same = self.kernel.modules.folder.name.startswith(f"{board.seen_with}.") or not board.seen_with
        return {"disagreements": undeclared + (outdated if same else []), "news": [] if same else outdated}

    def _gate(self, board: Board, found: dict[str, DeviceTree], present: set[str]) -> board_gate.Verdict:
        lost = {name: "this kernel has no such device tree" for name in board.dtbs if name not in found}
        verdict = board_gate.Verdict(missing=lost)
        for tree in found.values():
            verdict.add(board_gate.examine(tree, self.kernel, self.tables, present))
        return verdict
