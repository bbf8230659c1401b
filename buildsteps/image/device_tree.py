"""A compiled device tree, as far as choosing drivers goes: its nodes, what they are compatible with, what they point at."""

from __future__ import annotations

import pathlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import libfdt  # type: ignore[import-not-found, import-untyped, unused-ignore]

# Properties that point at other nodes: pattern of the name -> the property of the other node that says how many cells follow.
References = dict[str, str]


@dataclass(eq=False)
class Node:
    path: str
    parent: Node | None
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The name without its address: ethernet of ethernet@1c30000."""
        return self.path.rsplit("/", 1)[1].split("@")[0]

    @property
    def compatible(self) -> list[str]:
        return self.texts("compatible")

    def texts(self, name: str) -> list[str]:
        return [text.decode() for text in self.properties.get(name, b"").split(b"\0") if text]

    def cells(self, name: str) -> list[int]:
        value = self.properties.get(name, b"")
        return [cell for (cell,) in struct.iter_unpack(">I", value)] if len(value) % 4 == 0 else []

    @property
    def is_okay(self) -> bool:
        """With all its parents: below a disabled bus nothing is probed."""
        return self.texts("status") in ([], ["okay"], ["ok"]) and (self.parent is None or self.parent.is_okay)

    def with_parents(self) -> Iterator[Node]:
        node: Node | None = self
        while node:
            yield node
            node = node.parent

    def all(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.all()


class DeviceTree:
    def __init__(self, data: bytes) -> None:
        self._blob = libfdt.FdtRo(data)
        self.root = self._node(0, None)
        self._by_phandle = {cells[0]: node for node in self.root.all() if (cells := node.cells("phandle"))}

    def _node(self, offset: int, parent: Node | None) -> Node:
        name = self._blob.get_name(offset)
        node = Node(f"{parent.path if parent and parent.parent else ''}/{name}", parent)
        place = self._blob.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
        while place >= 0:
            one = self._blob.get_property_by_offset(place)
            node.properties[one.name] = bytes(one)
            place = self._blob.next_property_offset(place, libfdt.QUIET_NOTFOUND)
        place = self._blob.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while place >= 0:
            node.children.append(self._node(place, node))
            place = self._blob.next_subnode(place, libfdt.QUIET_NOTFOUND)
        return node

    def okay(self) -> list[Node]:
        """The nodes that a kernel makes devices of."""
        return [node for node in self.root.all() if node.is_okay]

    def targets(self, node: Node, references: References) -> list[Node]:
        """The nodes that `node` points at."""
        found: dict[str, Node] = {}
        for name in node.properties:
            cells_of = next((count for pattern, count in references.items() if fnmatchcase(name, pattern)), None)
            if cells_of is not None:
                found |= {target.path: target for target in self._pointed_at(node.cells(name), cells_of)}
        return list(found.values())

    def _pointed_at(self, cells: list[int], cells_of: str) -> Iterator[Node]:
        """A list of phandles, each followed by as many cells as its node wants; 0 stands for an entry left out."""
        while cells:
            target = self._by_phandle.get(cells[0])
            following = (target.cells(cells_of) or [0])[0] if target and cells_of else 0
            if target:
                yield target
            cells = cells[1 + following :]


def read(path: pathlib.Path) -> DeviceTree:
    return DeviceTree(path.read_bytes())
