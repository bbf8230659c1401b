"""Where the nodes are: as Consul's catalog has them, or as fleet.toml names them."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

SERVICE = "uebo"  # that a node's registrar offers for port 9101
PORT = 9101
PATIENCE = 10.0  # seconds


class Trouble(Exception):
    """What has to be told, and ends the command."""


@dataclass(frozen=True)
class Node:
    name: str
    address: str
    port: int = PORT

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}/"


def from_consul(server: str) -> list[Node]:
    """By its name. `server` is HOST:PORT or a URL; the environment's CONSUL_HTTP_TOKEN is sent, as Consul's own command does."""
    base = server if "://" in server else f"http://{server}"
    request = urllib.request.Request(f"{base.rstrip('/')}/v1/catalog/service/{SERVICE}")
    if token := os.environ.get("CONSUL_HTTP_TOKEN"):
        request.add_header("X-Consul-Token", token)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            listed = json.load(answer)
        nodes = [Node(entry["Node"], entry["ServiceAddress"] or entry["Address"], int(entry["ServicePort"])) for entry in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Trouble(f"Consul at {server}: {error}") from error
    if not nodes:
        raise Trouble(f"Consul at {server}: no node offers the service {SERVICE}")
    return sorted(nodes, key=lambda node: node.name)


def from_file(path: Path, domain: str = "") -> list[Node]:
    """In the order of the file. A node is where its name leads, in `domain` where one is given."""
    from fleet import fleet

    try:
        found, document = fleet.read(path)
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from error
    if document.problems:
        raise Trouble("\n".join(f"{path}:{problem.line}: {problem.text}" for problem in document.problems))
    return [Node(node.name, f"{node.name}.{domain}" if domain else node.name) for node in found.nodes]


def chosen(nodes: list[Node], names: list[str]) -> list[Node]:
    """In the order in which they are named."""
    by_name = {node.name: node for node in nodes}
    if unknown := [name for name in names if name not in by_name]:
        raise Trouble(f"there is no node {', '.join(unknown)}; there are: {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)]
