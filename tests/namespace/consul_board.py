"""Boards as Consul sees them: supervisors with a registrar, each in namespaces of its own, plugged to a network of the tests';
and what may stand between them and Consul.
"""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from node import BINARY, Node
from support.network import Bridge, Network
from support.waiting import wait_for

EXPORTER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[2].encode())
http.server.ThreadingHTTPServer.address_family = __import__("socket").AF_INET6
http.server.ThreadingHTTPServer(("::", int(sys.argv[1])), Handler).serve_forever()
"""
# What Consul has of the node at this moment, into the log.
LOOK = """
import json, sys, urllib.request
print("in the catalog:", json.load(urllib.request.urlopen(sys.argv[1], timeout=10)), flush=True)
"""

Json = dict[str, Any]


@dataclass(eq=False)
class Board:
    """`number` makes its MAC and its addresses: 10.5.0.NUMBER and fd05::NUMBER (in hex)."""

    node: Node
    bridge: Bridge
    number: int
    name: str
    mac: str = field(init=False)

    def __post_init__(self) -> None:
        self.mac = f"02:00:00:00:05:{self.number:02x}"

    @property
    def address(self) -> str:
        return f"10.5.0.{self.number}"

    def exporter(self, name: str, port: int, says: str = "", unit: str = "", **keys: Any) -> None:
        consul = {"name": name, "port": port, "tags": [name, "prometheus"], "health": "/metrics"}
        command = ["/usr/bin/python3", "-c", EXPORTER, str(port), says]
        self.node.file(unit or name, {"description": name, "command": command, "consul": consul, **keys})

    def registrar(self, consul: str, mode: str = "catalog", *options: str) -> None:
        """With pauses that a test can wait for."""
        self.node.file("registrar", {
            "description": "registrar", "user": "uebo-consul", "enabled": False, "stop": {"first": True, "timeout": "6s"},
            "command": [str(BINARY), "registrar", "--retry", "1", "--ask", "1", "--watch", "2", *(options or ("--refresh", "5"))],
            "environment": {"UEBO_CONSUL": consul, "UEBO_CONSUL_MODE": mode},
        })  # fmt: skip

    def start(self, *, ipv6_alone: bool = False) -> Board:
        self.node.start()
        self._plug()
        run = self.node.run
        run("hostname", self.name)
        if not ipv6_alone:
            run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        run("ip", "address", "add", f"fd05::{self.number:x}/64", "dev", "eth0", "nodad")
        started = self.node.uebo("start", "registrar")
        assert started.returncode == 0, started.stderr + self.node.said()
        return self

    def _plug(self) -> None:
        outside, inside = f"board{self.number}", f"peer{self.number}"
        ip = self.bridge.network.ip
        ip("link", "add", outside, "type", "veth", "peer", "name", inside, "address", self.mac)
        ip("link", "set", outside, "master", self.bridge.name, "up")
        ip("link", "set", inside, "netns", str(self.node.pid))
        for command in (("link", "set", inside, "name", "eth0"), ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
            done = self.node.run("ip", *command)
            assert done.returncode == 0, done.stderr

    def secret(self, name: str, content: str) -> None:
        """As consul-secrets hands it over."""
        directory = "/run/uebo/consul"
        script = f"mkdir -p {directory} && printf %s \"$1\" > {directory}/new && chown uebo-consul {directory} {directory}/new && " \
                 f"chmod 400 {directory}/new && mv {directory}/new {directory}/{name}"  # fmt: skip
        done = self.node.run("sh", "-c", script, "sh", content)
        assert done.returncode == 0, done.stderr
        self.node.run(str(BINARY), "status")
        # PID 1 tells of a change: as when the job that fetches secrets has ended.
        for verb in ("stop", "start"):
            self.node.uebo(verb, "bell")

    def says(self, text: str, deadline: float = 15) -> str:
        return self.node.wait_for_log("registrar", text, deadline)

    def lines(self, text: str) -> int:
        return sum(text in line for line in self.node.log("registrar").splitlines())

    def power_off(self) -> None:
        self.node.uebo("poweroff")
        self.node.wait_for_end()

    def cut_power(self) -> None:
        assert self.node.process
        self.node.process.kill()
        self.node.process.wait()
        wait_for(lambda: not Path(f"/proc/{self.node.pid}").exists(), "PID 1 is gone")


class Between:
    """A proxy in the network, in front of Consul. `manner`: pass, 500, junk, deep, slow (each answer takes a second) or hold."""

    def __init__(self, lan: Network, address: str, port: int, consul_port: int) -> None:
        self._manner = "pass"
        self._changed = threading.Event()
        self.url = f"http://{address}:{port}"
        self.asked = 0
        between = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                between.asked += 1
                manner = between._manner
                if manner == "hold":
                    between._changed.wait(60)
                elif manner == "junk":
                    self._send(200, b"<html>\xff\x00 who are you?</html>", {})
                elif manner == "deep":
                    self._send(200, b"[" * 100_000, {})
                elif manner == "500":
                    self._send(500, b"No cluster leader", {})
                else:
                    between._changed.wait(1 if manner == "slow" else 0)
                    self._forward(body)

            do_GET = do_PUT = _answer

            def _forward(self, body: bytes) -> None:
                consul = http.client.HTTPConnection(address, consul_port, timeout=90)
                consul.request(self.command, self.path, body)
                answer = consul.getresponse()
                index = answer.getheader("X-Consul-Index")
                self._send(answer.status, answer.read(), {"X-Consul-Index": index} if index else {})

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # who asked has gone

        def serve() -> ThreadingHTTPServer:
            server = Server((address, port), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return server

        self._server = lan.within(serve)

    def be(self, manner: str) -> None:
        self._manner = manner
        self._changed.set()
        self._changed = threading.Event()

    def close(self) -> None:
        self.be("pass")
        self._server.shutdown()
        self._server.server_close()
