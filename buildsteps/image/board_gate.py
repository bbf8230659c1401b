"""The gate: whether an image has a driver for what a board can't do without, and whether the board's file says the same.

Of each kind (Ethernet, MMC) the device tree has a node, and each of these nodes has a driver, in the image as a module or in
the kernel itself; so has the supply of the processors, and so has everything that these point at or lie under.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from image.board_modules import Tables
from image.device_tree import DeviceTree, Node
from image.drivers import Drivers

CPU_SUPPLY = "cpu-supply"
_SUPPLY = "cpu*-supply"  # cpu0-supply in older ones
_SUPPLIES = "*-supply"


@dataclass
class Verdict:
    """`found`: by kind, the nodes and what drives them. `missing`: by kind or compatible, what is wrong."""

    found: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, other: Verdict) -> None:
        """What another device tree of the board says."""
        for kind, nodes in other.found.items():
            self.found[kind] = list(dict.fromkeys(self.found.get(kind, []) + nodes))
        self.missing |= other.missing

    def undeclared(self, limits: dict[str, str]) -> list[str]:
        """What is missing though the board's file declares no such limit."""
        return [f"{what}: {why}; its file declares no limit" for what, why in self.missing.items() if what not in limits]

    def outdated(self, limits: dict[str, str]) -> list[str]:
        """Limits that its file declares and that are gone."""
        return [f"{what}: declared as a limit ({limits[what]}), but it passes" for what in limits if what not in self.missing]


class _Gate:
    def __init__(self, tree: DeviceTree, drivers: Drivers, tables: Tables, present: set[str]) -> None:
        self.tree = tree
        self.drivers = drivers
        self.tables = tables
        self.present = present

    def nodes_of(self) -> dict[str, list[Node]]:
        okay = self.tree.okay()
        nodes = {kind: [n for n in okay if n.compatible and n.kind in names] for kind, names in self.tables.kinds.items()}
        processors = [node for node in okay if node.kind == "cpu"]
        supplies = [supply for node in processors for supply in self.tree.targets(node, {_SUPPLY: ""})]
        return nodes | {CPU_SUPPLY: list(dict.fromkeys(supplies))}

    def needed(self, first: Node) -> list[Node]:
        """The node with what it points at and lies under, and what these do."""
        seen: list[Node] = []
        waiting = [first]
        while waiting:
            node = waiting.pop()
            if node not in seen and node is not self.tree.root and node.is_okay:
                seen.append(node)
                waiting += [*self.tree.targets(node, self.tables.references), *([node.parent] if node.parent else [])]
        return seen

    def fault(self, node: Node) -> str:
        off = [supply.path for supply in self.tree.targets(node, {_SUPPLIES: ""}) if not supply.is_okay]
        if off:
            # A driver waits for it for ever.
            return f"{off[0]}, the supply of {node.path}, is switched off"
        return "" if self.driver(node) else f"no driver for {node.path}"

    def driver(self, node: Node) -> str:
        """What drives it: a module, "built in", or nothing."""
        own = node.compatible
        if not own or any(self.tables.needs_none(name) for name in own):
            return "none needed"
        modules = sorted(self.present & set().union(*(self.drivers.of(name) for name in own)))
        builtin = ["built in"] if any(self.drivers.is_builtin(name) for name in own) else []
        if not modules and not builtin:
            return ""
        children = [self.child(device) for name in own for device in self.tables.children.get(name, [])]
        return ", ".join(dict.fromkeys((modules or builtin) + children)) if all(children) else ""

    def child(self, device: str) -> str:
        modules = sorted(self.present & self.drivers.platform(device))
        return modules[0] if modules else "built in" if self.drivers.names(device) else ""


def examine(tree: DeviceTree, drivers: Drivers, tables: Tables, present: set[str]) -> Verdict:
    """`present`: the modules of the image."""
    gate = _Gate(tree, drivers, tables, present)
    verdict = Verdict()
    for kind, nodes in gate.nodes_of().items():
        if not nodes and kind != CPU_SUPPLY:
            verdict.missing[kind] = "its device tree enables none"
        for first in nodes:
            verdict.found.setdefault(kind, []).append(f"{first.path}: {_driver_above(gate, first) or 'none'}")
            for node in gate.needed(first):
                if fault := gate.fault(node):
                    needs = f", which {first.path} needs" if node is not first else ""
                    verdict.missing[next(above.compatible[0] for above in node.with_parents() if above.compatible)] = fault + needs
    return verdict


def _driver_above(gate: _Gate, first: Node) -> str:
    """A regulator has none of its own: that of the chip it is part of counts."""
    return next((gate.driver(node) for node in first.with_parents() if node.compatible), "")
