"""The modules that a board's device tree asks for, by the tables of buildsteps/kernel/device-trees.toml."""

from __future__ import annotations

import pathlib
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from image.device_tree import DeviceTree, Node, References
from image.drivers import Drivers


@dataclass(frozen=True)
class Tables:
    left_out: tuple[str, ...]  # folders of the kernel
    references: References
    children: dict[str, list[str]]  # compatible -> platform devices that its driver makes
    kinds: dict[str, list[str]] = field(default_factory=dict)  # what the gate asks for -> names of nodes
    no_driver: list[str] = field(default_factory=list)  # compatibles that need none, as patterns

    def needs_none(self, compatible: str) -> bool:
        return any(fnmatchcase(compatible, pattern) for pattern in self.no_driver)


def read_tables(path: pathlib.Path) -> Tables:
    data = tomllib.loads(path.read_text())
    gate = dict(data["gate"])
    no_driver = gate.pop("no-driver")
    return Tables(tuple(data["choice"]["left-out"]), data["references"], data["children"], gate, no_driver)


def modules_of(compatible: str, drivers: Drivers, tables: Tables) -> set[str]:
    """Those of the node itself and of the devices that its driver makes."""
    found = drivers.of(compatible)
    for device in tables.children.get(compatible, []):
        found |= drivers.platform(device)
    return found


@dataclass(frozen=True)
class Choice:
    modules: dict[str, list[str]]  # compatible -> its modules
    # The root has no device that could ask for a module: by each of its compatibles, what a list has to load.
    listed: dict[str, list[str]]
    without_driver: list[str]  # compatibles of nodes for which the kernel has nothing

    def all(self) -> set[str]:
        return {module for names in (*self.modules.values(), *self.listed.values()) for module in names}


def choose(tree: DeviceTree, drivers: Drivers, tables: Tables) -> Choice:
    found = {
        node: {name: modules_of(name, drivers, tables) for name in node.compatible} for node in tree.okay() if node.compatible
    }
    pointed_at = _pointed_at(tree, found, drivers, tables)
    modules: dict[str, list[str]] = {}
    without = set()
    for node, by_compatible in found.items():
        for name, names in by_compatible.items():
            wanted = names if node in pointed_at else _without_left_out(names, drivers, tables)
            if wanted and node is not tree.root:
                modules[name] = sorted(wanted)
        if node is not tree.root and not any(
            names or drivers.is_builtin(name) or tables.needs_none(name) for name, names in by_compatible.items()
        ):
            without.add(node.compatible[0])
    listed = {name: sorted(wanted) for name, wanted in found.get(tree.root, {}).items() if wanted}
    return Choice(modules, listed, sorted(without))


def _without_left_out(names: set[str], drivers: Drivers, tables: Tables) -> set[str]:
    return {name for name in names if not drivers.modules.paths[name].startswith(tables.left_out)}


def _pointed_at(tree: DeviceTree, found: dict[Node, dict[str, set[str]]], drivers: Drivers, tables: Tables) -> set[Node]:
    """Nodes whose drivers would be left out, but for a node that stays and needs them."""
    modules = {node: {name for names in by_compatible.values() for name in names} for node, by_compatible in found.items()}
    stay = {node for node, names in modules.items() if not names or _without_left_out(names, drivers, tables)}
    waiting = list(stay)
    pointed_at = set()
    while waiting:
        for target in tree.targets(waiting.pop(), tables.references):
            for node in target.with_parents():
                if node in modules and node not in stay:
                    stay.add(node)
                    pointed_at.add(node)
                    waiting.append(node)
    return pointed_at
