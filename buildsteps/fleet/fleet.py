"""fleet.toml, described by fleet.toml.example: read whole, every problem found at once."""

import ipaddress
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fleet import arguments, board, document, pxelinux, values
from fleet.board import Board
from fleet.dnsmasq import Network
from fleet.document import Document, Path

# A table with its place in the document.
Placed = tuple[Path, dict[str, Any]]

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_NO_MAC = "00:00:00:00:00:00"
_EXPORT = re.compile(r'(?:^|\s)uebo\.nfsdir="?([^",\s]+)')
_PLACEHOLDER = re.compile(r"\{(?!name\})[A-Za-z_]+\}")
# What {name} stands for where no node is meant.
_SOME_NAME = "node"
_SERIAL = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Node:
    name: str
    board: Board
    macs: list[str]
    append: str
    dtb: str = ""
    serial: str = ""  # of a Raspberry Pi: the directory that its own loader asks for
    line: int = 1


@dataclass(frozen=True)
class Fleet:
    nodes: list[Node] = field(default_factory=list)
    default_append: str = ""
    network: Network | None = None
    platforms: dict[str, str] = field(default_factory=dict)  # architecture -> the image that its boards get


def read(path: pathlib.Path) -> tuple[Fleet, Document]:
    """The fleet is whole where the document has no problems."""
    text = document.read(path)
    return (_Reader(text).fleet() if not text.problems else Fleet()), text


class _Reader:
    def __init__(self, text: Document) -> None:
        self.text = text
        self.boards = board.load()
        self.arguments = arguments.known()

    def fleet(self) -> Fleet:
        data = self.text.data
        self.known_keys((), data, ["network", "defaults", "node"])
        defaults = self.table("defaults")
        self.known_keys(("defaults",), defaults, ["append", "platform", "uebo"])
        nodes = data.get("node", [])
        if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
            self.text.problem(("node",), "node is no list of tables, expected [[node]]")
            nodes = []
        found = [node for number, entry in enumerate(nodes) if (node := self.node(number, entry, defaults))]
        self.no_duplicates(nodes)
        self.no_shared_storage(nodes, found)
        return Fleet(found, self.append([(("defaults",), defaults)], None), self.network(), self.platforms(defaults))

    # --- parts

    def table(self, name: str) -> dict[str, Any]:
        value = self.text.data.get(name, {})
        if isinstance(value, dict):
            return value
        self.text.problem((name,), f"{name} is no table, expected [{name}]")
        return {}

    def known_keys(self, place: Path, table: dict[str, Any], names: list[str]) -> None:
        for key in table:
            if key not in names:
                self.text.problem((*place, key), arguments.unknown(key, names))

    def string(self, place: Path, table: dict[str, Any], key: str, expected: str, pattern: re.Pattern[str] | None = None) -> str:
        value = table.get(key, "")
        if not isinstance(value, str) or (pattern and value and not pattern.fullmatch(value)):
            self.text.problem((*place, key), f"{key} = {value!r}, expected {expected}")
            return ""
        return value

    def network(self) -> Network | None:
        table = self.table("network")
        if not table:
            return None
        self.known_keys(("network",), table, ["subnet", "range"])
        try:
            subnet = ipaddress.IPv4Network(table.get("subnet", ""))
            # Without a length 10.0.0.0 is one address; a network of boards is meant.
            subnet = subnet if "/" in table["subnet"] else ipaddress.IPv4Network(f"{subnet.network_address}/24")
        except (ValueError, TypeError, KeyError):
            self.text.problem(("network", "subnet"), f"subnet = {table.get('subnet')!r}, expected a network such as \"10.0.0.0/24\"")
            return None
        span = table.get("range")
        if span is None:
            return Network(subnet)
        try:
            first, last = (ipaddress.IPv4Address(address) for address in span)
            if first not in subnet or last not in subnet or last < first:
                raise ValueError
        except (ValueError, TypeError):
            self.text.problem(("network", "range"), f"range = {span!r}, expected two addresses of {subnet}, the lower first")
            return None
        return Network(subnet, (first, last))

    def platforms(self, defaults: dict[str, Any]) -> dict[str, str]:
        chosen, known = self.string(("defaults",), defaults, "platform", "the name of a platform"), board.platforms()
        if chosen and chosen not in known:
            self.text.problem(("defaults", "platform"), "platform: " + arguments.unknown(chosen, known))
        return {chosen.partition("+")[0]: chosen} if chosen else {}

    def node(self, number: int, entry: dict[str, Any], defaults: dict[str, Any]) -> Node | None:
        place: Path = ("node", number)
        before = len(self.text.problems)
        self.known_keys(place, entry, ["name", "board", "macs", "append", "dtb", "serial", "uebo"])
        for key in ("name", "board", "macs"):
            if key not in entry:
                self.text.problem(place, f"this node has no {key}, expected name, board and macs")
        name = self.string(place, entry, "name", "a host label (letters, digits, inner hyphens, at most 63 characters)", _LABEL)
        kind = self.kind(place, entry)
        macs = self.macs(place, entry)
        serial = self.string(place, entry, "serial", "8 digits and letters a to f, the last of the Pi's serial number", _SERIAL)
        if serial and kind and not kind.raspberry_pi:
            self.text.problem((*place, "serial"), f"serial is for a Raspberry Pi, and {kind.name} is none")
        dtb = self.device_tree(place, entry, kind)
        append = self.append([(("defaults",), defaults), (place, entry)], name, kind)
        if kind is None or len(self.text.problems) > before:
            return None
        return Node(name, kind, macs, append, dtb, serial, self.text.line(*place))

    def kind(self, place: Path, entry: dict[str, Any]) -> Board | None:
        name = self.string(place, entry, "board", "the name of a file of buildsteps/boards")
        kind = self.boards.get(name)
        if not name or (kind and kind.arch in board.ARCHITECTURES):
            return kind
        why = board.unsupported().get(name)
        if kind:
            problem = f"{kind.name} has no U-Boot, expected a board of {' or '.join(board.ARCHITECTURES)}"
        elif why:
            problem = f"{name} can't work: {why}"
        else:
            problem = arguments.unknown(name, list(self.boards))
        self.text.problem((*place, "board"), f"board: {problem}")
        return None

    def macs(self, place: Path, entry: dict[str, Any]) -> list[str]:
        given = entry.get("macs", [])
        if not isinstance(given, list) or ("macs" in entry and not given):
            self.text.problem((*place, "macs"), f'macs = {given!r}, expected a list such as ["02:00:00:00:00:01"]')
            return []
        macs = [_plain_mac(mac) for mac in given]
        for mac, original in zip(macs, given):
            # An odd first byte is an address of many (FF:FF:... of all).
            if not _MAC.fullmatch(mac) or int(mac[:2], 16) % 2 or mac == _NO_MAC:
                self.text.problem((*place, "macs"), f'{original!r} is no MAC address of a board, expected one such as "02:00:00:00:00:01"')
        return macs

    def device_tree(self, place: Path, entry: dict[str, Any], kind: Board | None) -> str:
        known = kind.dtbs if kind else []
        chosen = self.string(place, entry, "dtb", "a path of a device tree")
        if chosen and kind and chosen not in known:
            self.text.problem((*place, "dtb"), "dtb: " + arguments.unknown(chosen, known))
        return chosen or (known[0] if known else "")

    # --- the kernel's arguments

    def append(self, tables: list[Placed], name: str | None, kind: Board | None = None) -> str:
        """The command line from the tables, the later one's word winning; of a node, or without a name what holds for all."""
        words = [f"console={kind.console}"] if kind and kind.console else []
        words += [f"uebo.hostname={name}"] if name else []
        given = {key: (path, value) for table in tables for path, key, value in _flattened(table)}
        for key, (path, value) in given.items():
            words += self.argument(path, key, value, name or _SOME_NAME)
        words += [extra for table in tables if (extra := self.plain_arguments(table))]
        # What differs from node to node is left out where the node is not known.
        words = [word.replace("{name}", name or "{name}") for word in words]
        line = " ".join(words if name is not None else [word for word in words if "{name}" not in word])
        if len(line.encode()) > pxelinux.LONGEST_APPEND:
            limit = pxelinux.LONGEST_APPEND
            self.text.problem(tables[-1][0],
                              f"the append line has {len(line.encode())} bytes, expected at most {limit}: U-Boot stops at more")  # fmt: skip
        return line

    def plain_arguments(self, table: Placed) -> str:
        """`append`: arguments of the kernel itself, as they are."""
        place = (*table[0], "append")
        extra = self.string(table[0], table[1], "append", "a text")
        if bad := arguments.bad_text(extra.replace('"', "")):
            self.text.problem(place, f"append {bad}")
        if extra.count('"') % 2:
            self.text.problem(place, "append has a quote that is not closed, expected pairs")
        for misplaced in re.findall(r"(?:^|\s)\"?(uebo\.[^\s=]*)", extra):
            self.text.problem(place, f'append holds {misplaced}, expected it as a key: {misplaced} = "..."')
        return extra

    def argument(self, place: Path, key: str, value: Any, name: str) -> list[str]:
        known = self.arguments.get(key)
        if key == "uebo.hostname":
            self.text.problem(place, "uebo.hostname is the node's name already, expected no other")
            return []
        if known is None:
            self.text.problem(place, arguments.unknown(key, list(self.arguments)))
            return []
        words = []
        for one in value if isinstance(value, list) and known.repeatable else [value]:
            if not isinstance(one, str) or not one:
                expected = "a text or a list of texts" if known.repeatable else "a text"
                self.text.problem(place, f"{key} = {one!r}, expected {expected}: {known.value}")
            elif bad := arguments.bad_text(one):
                self.text.problem(place, f"{key} {bad}")
            elif not known.secret and (odd := _PLACEHOLDER.search(one)):
                self.text.problem(place, f"{key} holds {odd[0]}, expected no placeholder but {{name}}")
            elif not values.good(key, one.replace("{name}", name)):
                shown = "this value" if known.secret else repr(one)
                self.text.problem(place, f"{key} = {shown}, expected {known.value}")
            else:
                words.append(arguments.word(key, one))
        return words

    # --- among all nodes

    def no_duplicates(self, nodes: list[dict[str, Any]]) -> None:
        seen: dict[str, int] = {}
        for number, entry in enumerate(nodes):
            for key, what, values in _unique(entry):
                place: Path = ("node", number, key)
                for value in values:
                    first = seen.setdefault(f"{what} {value.lower()}", self.text.line(*place))
                    if first != self.text.line(*place):
                        self.text.problem(place, f"the {what} {value} is that of line {first} too, expected one of its own")

    def no_shared_storage(self, nodes: list[dict[str, Any]], found: list[Node]) -> None:
        """Two nodes in one NFS directory would work in each other's BOINC."""
        numbers = {name: number for number, entry in enumerate(nodes) if isinstance(name := entry.get("name"), str)}
        seen: dict[str, str] = {}
        for node in found:
            export = _EXPORT.search(node.append)
            if export and (other := seen.setdefault(export[1], node.name)) != node.name:
                self.text.problem(("node", numbers[node.name], "uebo", "nfsdir"),
                                  f"{node.name} has its storage in {export[1]}, as {other} has, expected a directory of its own: "
                                  "{name} stands for the node's name")  # fmt: skip


def _unique(entry: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for key, what in (("name", "name"), ("serial", "serial number")):
        if isinstance(entry.get(key), str):
            yield key, what, [entry[key]]
    if isinstance(entry.get("macs"), list):
        yield "macs", "MAC address", [_plain_mac(mac) for mac in entry["macs"]]


def _plain_mac(value: Any) -> str:
    return str(value).lower().replace("-", ":")


def _flattened(table: Placed) -> Iterator[tuple[Path, str, Any]]:
    """`uebo.boinc.password = "x"` is a table in a table: of each leaf the key's place, the argument's name and the value."""
    waiting = [((*table[0], "uebo"), table[1]["uebo"])] if "uebo" in table[1] else []
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting = [((*path, key), inner) for key, inner in value.items()] + waiting
        else:
            yield path, ".".join(str(word) for word in path[len(table[0]) :]), value
